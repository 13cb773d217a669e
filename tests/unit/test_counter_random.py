import numpy as np
import pytest
from scipy import stats

from fastsim.data.counter_random import normals, philox, uniforms

# known answers published with Random123 (kat_vectors, philox4x32 10): counter, key, result
KNOWN = [
    ([0] * 4, 0, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, 2**64 - 1, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        0x299F31D0A4093822,
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_philox_gives_the_published_answers(counter, key, result):
    words = philox(np.array(counter, dtype=np.uint64)[:, None], key)
    assert words[:, 0].tolist() == result


def test_a_number_depends_on_its_labels_alone():
    events = np.array([7, 2**63 + 5, 7, 0], dtype=np.uint64)
    index = np.array([0, 1, 2, 2**32 - 1])
    together = uniforms(3, events, 9, stream=2, index=index)
    for row in range(4):
        alone = uniforms(3, events[row : row + 1], 6, stream=2, index=index[row])
        np.testing.assert_array_equal(alone[0], together[row, :6])


@pytest.mark.parametrize("change", ["seed", "high seed", "event", "high event", "index", "stream"])
def test_every_label_matters(change):
    labels = {"seed": 1, "event": 1, "index": 1, "stream": 1}

    def draw(seed, event, index, stream):
        return uniforms(seed, np.array([event], dtype=np.uint64), 4, stream=stream, index=index)

    name = change.removeprefix("high ")
    changed = labels | {name: 1 + (2**32 if change.startswith("high") else 1)}
    assert not np.isin(draw(**changed), draw(**labels)).any()


def test_numbers_are_uniform_normal_and_uncorrelated():
    events = np.arange(20_000, dtype=np.uint64)
    flat = uniforms(1, events, 3, stream=0)
    assert flat.min() > 0
    assert flat.max() < 1
    assert stats.kstest(flat.ravel(), "uniform").pvalue > 1e-3
    normal = normals(1, events, 5, stream=0)
    assert normal.shape == (20_000, 5)
    assert stats.kstest(normal.ravel(), "norm").pvalue > 1e-3
    correlations = np.corrcoef(normal.T)[np.triu_indices(5, 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(20_000)
    successive = np.corrcoef(normal[:-1, 0], normal[1:, 0])[0, 1]
    assert abs(successive) < 5 / np.sqrt(20_000)
