"""Random numbers that are a pure function of what they are for, not of the order of drawing.

Philox 4x32 with 10 rounds (Salmon et al., SC'11, doi:10.1145/2063384.2063405), vectorised: the seed
is the key; event, index within the event, stream and block number are the counter. A sample drawn
with it depends neither on batches, nor on shards, nor on processes.
"""

import numpy as np

MASK = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
WORDS = 4


def philox(counter: np.ndarray, key: int) -> np.ndarray:
    """Return Philox-4x32-10 of ``counter``, whose words below 2^32 lie in uint64.

    Args:
        counter: uint64 (4, k).
        key: 64 bits.

    Returns:
        uint64 (4, k), each word below 2^32.
    """
    keys = [key & 0xFFFFFFFF, (key >> 32) & 0xFFFFFFFF]
    c0, c1, c2, c3 = counter
    for _ in range(ROUNDS):
        first, second = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (second >> HALF) ^ c1 ^ np.uint64(keys[0]),
            second & MASK,
            (first >> HALF) ^ c3 ^ np.uint64(keys[1]),
            first & MASK,
        )
        keys = [(part + step) & 0xFFFFFFFF for part, step in zip(keys, WEYL, strict=True)]
    return np.stack([c0, c1, c2, c3])


def uniforms(
    seed: int, event: np.ndarray, draws: int, *, stream: int, index: np.ndarray | int = 0
) -> np.ndarray:
    """Return uniform numbers in (0, 1), each determined by its own labels alone.

    Args:
        seed: 0 to 2^64 - 1.
        event: uint64 (k,), for instance event ids.
        draws: numbers per entry; the first ones do not depend on how many are drawn.
        stream: 0 to 65535; numbers of different streams are independent.
        index: 0 to 2^32 - 1, (k,) or one for all: the entry's place within its event.

    Returns:
        float64 (k, draws), of resolution 2^-32, never 0 or 1.
    """
    event = np.asarray(event, dtype=np.uint64)
    index = np.broadcast_to(np.asarray(index, dtype=np.uint64), event.shape)
    blocks = -(-draws // WORDS)
    block = np.uint64(stream << 16) + np.arange(blocks, dtype=np.uint64)
    labels = (event & MASK, event >> HALF, index)
    counter = [np.repeat(label, blocks) for label in labels] + [np.tile(block, len(event))]
    words = philox(np.stack(counter), seed).T.reshape(len(event), blocks * WORDS)
    return (words[:, :draws] + 0.5) / 2.0**32


def normals(
    seed: int, event: np.ndarray, draws: int, *, stream: int, index: np.ndarray | int = 0
) -> np.ndarray:
    """Return standard normal numbers, as :func:`uniforms`, by the Box-Muller transform."""
    pairs = -(-draws // 2)
    flat = uniforms(seed, event, 2 * pairs, stream=stream, index=index).reshape(-1, pairs, 2)
    radius = np.sqrt(-2.0 * np.log(flat[..., 0]))
    angle = 2.0 * np.pi * flat[..., 1]
    result = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return result.reshape(len(flat), 2 * pairs)[:, :draws]
