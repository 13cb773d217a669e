"""Measure the simulation's speed, and the share of its time spent inside Sibyll and Pythia.

Run: python benchmarks/bench_simulation.py [showers]
"""

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from fastsim.airshower.cascade import Cascade
from fastsim.airshower.decays import Decayer
from fastsim.airshower.hadronic import HadronicModel
from fastsim.airshower.primaries import PrimarySpectrum
from fastsim.airshower.showers import ShowerSimulation
from fastsim.bundles.config.simulate import ShowerConfig


class Stopwatch:
    """Sums up the time and number of calls of the functions that it wraps."""

    def __init__(self) -> None:
        self.nanoseconds = 0
        self.calls = 0

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        clock = time.perf_counter_ns

        def timed(*args: Any) -> Any:
            start = clock()
            result = function(*args)
            self.nanoseconds += clock() - start
            self.calls += 1
            return result

        return timed


def simulation() -> ShowerSimulation:
    """Return the simulation of the default config."""
    config = ShowerConfig()
    spectrum = PrimarySpectrum(
        config.energy_min,
        config.energy_max,
        config.spectral_index,
        config.composition.model_dump(),
        math.radians(config.zenith_min),
        math.radians(config.zenith_max),
    )
    cascade = Cascade(HadronicModel(), Decayer())
    depths, altitude = config.slant_depths, config.surface_altitude
    return ShowerSimulation(spectrum, depths, altitude, config.seed, cascade)


def main() -> None:
    showers = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    start = time.perf_counter()
    simulated = simulation()
    start_up = time.perf_counter() - start

    start = time.process_time()
    rows = sum(len(events) for events in simulated.events(0, showers))
    seconds = time.process_time() - start

    # once more, with a clock around each call into the generators
    sibyll, pythia = Stopwatch(), Stopwatch()
    hadronic, decayer = simulated.cascade.hadronic, simulated.cascade.decayer
    for name in ("_sibyll", "_decsib", "_sibnuc"):
        setattr(hadronic, name, sibyll.wrap(getattr(hadronic, name)))
    # a decay is a dozen calls into Pythia: writing the particle, its decay, reading the daughters
    decayer.decay = pythia.wrap(decayer.decay)
    start = time.perf_counter()
    for _ in simulated.events(0, showers):
        pass
    total = (time.perf_counter() - start) * 1e9

    print(f"start-up: {start_up:.1f} s; {showers} showers, {rows} rows in {seconds:.1f} s of CPU")
    print(f"{60 * showers / seconds:.0f} showers/min on one core")
    for name, watch in (("Sibyll", sibyll), ("Pythia", pythia)):
        each = watch.nanoseconds / watch.calls / 1e3
        print(
            f"{name}: {watch.nanoseconds / total:.1%} of the time, "
            f"{watch.calls / showers:.0f} calls a shower, {each:.1f} us each"
        )
    print(f"Sibyll and Pythia together: {(sibyll.nanoseconds + pythia.nanoseconds) / total:.1%}")


if __name__ == "__main__":
    main()
