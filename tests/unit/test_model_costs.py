"""What a model costs, from its run folder and the timings of its sampling."""

import pytest
import torch

from fastsim.bundles.model_costs import model_costs
from fastsim.bundles.models.flow import BundleFlow
from fastsim.errors import InputError
from fastsim.files import write_json
from fastsim.run_folder import save_weights, write_config

FLOW = {"conditions": 4, "width": 8, "transforms": 1, "bins": 4}


@pytest.fixture
def run(tmp_path):
    """Folder of a trained flow, and the timings of two shards."""
    torch.manual_seed(1)
    write_config(tmp_path, "train_flow", {}, {"flow": FLOW})
    save_weights(tmp_path, BundleFlow(**FLOW).state_dict())
    write_json(tmp_path / "metrics.json", {"steps": 5, "validation_nll": 2.8})
    write_json(tmp_path / "timing.json", {"steps": 5, "seconds": 30.0})
    timings = [tmp_path / f"part-{shard}.json" for shard in (0, 1)]
    for path, muons, seconds in zip(timings, (0, 600), (0.5, 1.5), strict=True):
        write_json(path, {"muons": muons, "seconds": seconds})
    return tmp_path, timings


def test_figures_are_those_of_the_files(run):
    costs = model_costs(*run)
    trained = [p.numel() for p in BundleFlow(**FLOW).parameters() if p.requires_grad]
    assert costs == {
        "parameters": sum(trained),
        "training_seconds": 30.0,
        # all muons over all seconds, not a mean of rates
        "muons_per_second": 300.0,
        "validation_nll": 2.8,
    }


def test_a_model_without_a_likelihood_has_none(run):
    folder, timings = run
    write_json(folder / "metrics.json", {"steps": 5, "validation_auc": 0.5})
    assert model_costs(folder, timings)["validation_nll"] is None


@pytest.mark.parametrize("name", ["timing.json", "part-1.json", "metrics.json"])
def test_missing_figures_are_told_in_one_line(run, name):
    folder, timings = run
    (folder / name).write_text("{")
    with pytest.raises(InputError, match=name):
        model_costs(folder, timings)
