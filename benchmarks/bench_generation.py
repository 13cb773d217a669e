"""Compare generated with simulated bundles per second, in one run on one core.

Run, after `make run`: python benchmarks/bench_generation.py [results folder]
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from bench_simulation import simulation

from fastsim.bundles.events import Events, read_events
from fastsim.bundles.generation import count_uniforms, generate, load_generator
from fastsim.bundles.models.multiplicity import load_multiplicity
from fastsim.bundles.representation import Normalization

SHOWERS = 300
SEED = 1


def main() -> None:
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results/bundles")
    shards = sorted((results / "splits" / "test").glob("*.parquet"))
    if not (results / "gan" / "model.safetensors").is_file() or not shards:
        sys.exit(f"{results} holds no finished run: `make run` makes one")
    torch.set_num_threads(1)
    simulated = simulation()
    start = time.perf_counter()
    rows = sum(len(events) for events in simulated.events(0, SHOWERS))
    simulated_rate = rows / (time.perf_counter() - start)
    print(f"simulated: {simulated_rate:.0f} events/s ({SHOWERS} showers, {rows} events)")

    normalization = Normalization.load(results / "dataset" / "normalization.json")
    multiplicity = load_multiplicity(results / "multiplicity")
    generator, _ = load_generator(results / "gan")
    generator.double()

    def bundles_of(real: Events) -> int:
        conditions = normalization.conditions(real.primaries)
        counts = multiplicity.quantile(conditions, count_uniforms(real.event_id, SEED))
        points = generate(generator, conditions, counts, real.event_id, SEED)
        normalization.denormalize(real.primaries, counts, points)
        return int(counts.sum())

    primaries = read_events(shards)
    order = np.random.default_rng(SEED).permutation(len(primaries))
    for batch, repeats in ((1, 200), (100, 20), (10_000, 3)):
        blocks = [primaries.select(np.resize(order[i * batch :], batch)) for i in range(repeats)]
        start = time.perf_counter()
        muons = sum(bundles_of(block) for block in blocks)
        seconds = time.perf_counter() - start
        rate = batch * repeats / seconds
        print(
            f"generated, batch {batch}: {rate:.0f} events/s, {muons / seconds:.3g} muons/s, "
            f"{rate / simulated_rate:.0f} times the simulation"
        )


if __name__ == "__main__":
    main()
