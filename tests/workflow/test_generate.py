"""Bundles for a table of primaries, by the models of a finished run."""

import pandas as pd
import pytest

from tests.workflow.conftest import Checkout

pytestmark = pytest.mark.slow

GENERATE = ("generate", "--config", "generate={'primaries': 'my primaries.csv'}")


def test_a_bundle_for_every_row_by_the_models_that_are_there(checkout: Checkout):
    primaries = {
        "primary_energy": [1e6, 1e5, 1e6],
        "primary_mass": [52.1, 0.938, 52.1],
        "zenith": [0.0, 0.5, 0.0],
        "slant_depth": [1500.0, 2000.0, 1500.0],
    }
    table = pd.DataFrame(primaries)
    table.to_csv(checkout.folder / "my primaries.csv", index=False)
    assert checkout.planned(*GENERATE) == {"read_primaries": 1, "generate": 1}
    checkout.snakemake(*GENERATE)
    bundles = pd.read_parquet(checkout.results / "generated/bundles.parquet")
    pd.testing.assert_frame_equal(bundles[[*primaries]], table.astype("float32"))
    assert bundles.event_id.tolist() == [0, 1, 2]
    energies = bundles.muon_energy
    # the same primary twice is two showers
    assert energies[0].tolist() != energies[2].tolist()

    # rows added change none of those before
    pd.concat([table, table]).to_csv(checkout.folder / "my primaries.csv", index=False)
    checkout.snakemake(*GENERATE)
    more = pd.read_parquet(checkout.results / "generated/bundles.parquet")
    assert len(more) == 6
    assert [bundle.tolist() for bundle in more.muon_energy[:3]] == [
        bundle.tolist() for bundle in energies
    ]


def test_a_primary_outside_the_training_stops_it_with_one_line(checkout: Checkout):
    (checkout.folder / "my primaries.csv").write_text(
        "primary_energy,primary_mass,zenith,slant_depth\n1e12,0.938,0,2000\n"
    )
    run = checkout.snakemake(*GENERATE, check=False)
    assert run.returncode
    told = "my primaries.csv: row 0 (primary_energy 1e+12 GeV"
    assert told in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert not (checkout.results / "generated/primaries.parquet").exists()
