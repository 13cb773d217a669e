"""Compare generated with simulated bundles per second, in one run on one core.

Run, after `make run`: python benchmarks/bench_generation.py [results folder]
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from bench_simulation import simulation
from torch import nn

from fastsim.bundles.batched_generation import count_uniforms
from fastsim.bundles.events import Events, read_events
from fastsim.bundles.generation import generate, load_generator
from fastsim.bundles.models.generator import Generator
from fastsim.bundles.models.multiplicity import MultiplicityModel, load_multiplicity
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
    against_products(generator, multiplicity, normalization, primaries.select(order[:10_000]))


def against_products(
    generator: Generator,
    multiplicity: MultiplicityModel,
    normalization: Normalization,
    primaries: Events,
) -> None:
    """Compare generation with nothing but the matrix products of the same network, in turns."""
    conditions = normalization.conditions(primaries.primaries)
    counts = multiplicity.quantile(conditions, count_uniforms(primaries.event_id, SEED))
    # the products that a pass makes, and how large they are
    shapes: list[tuple[nn.Linear, int]] = []
    hooks = [
        module.register_forward_pre_hook(
            lambda module, inputs: shapes.append((module, len(inputs[0])))
        )
        for module in generator.modules()
        if isinstance(module, nn.Linear)
    ]
    generate(generator, conditions, counts, primaries.event_id, SEED)
    for hook in hooks:
        hook.remove()
    inputs = [(m, torch.randn(rows, m.in_features, dtype=torch.float64)) for m, rows in shapes]
    seconds = {"generation": 0.0, "products": 0.0}
    for _ in range(3):
        start = time.perf_counter()
        generate(generator, conditions, counts, primaries.event_id, SEED)
        middle = time.perf_counter()
        with torch.inference_mode():
            for linear, rows in inputs:
                linear(rows)
        seconds["generation"] += middle - start
        seconds["products"] += time.perf_counter() - middle
    muons = 3 * int(counts.sum())
    share = seconds["products"] / seconds["generation"]
    print(
        f"normalised muons: {muons / seconds['generation']:.3g}/s; bare matrix products of the "
        f"network: {muons / seconds['products']:.3g}/s; share {share:.2f} (at least 0.5: "
        f"{'ok' if share >= 0.5 else 'MISSED'})"
    )


if __name__ == "__main__":
    main()
