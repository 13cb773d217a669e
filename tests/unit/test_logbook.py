import csv
import errno
import io
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import wandb
from PIL import Image
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams.backend_context import Context
from tensorboard.plugins.hparams.list_session_groups import Handler

from fastsim.errors import InputError
from fastsim.tracking.logbook import FIGURES_KEPT, Logbook, default_run_name
from fastsim.tracking.tensorboard_run import TensorBoardRun
from fastsim.tracking.wandb_run import WandbSettings


def png(level):
    buffer = io.BytesIO()
    Image.fromarray(np.full((3, 5, 3), level, dtype=np.uint8)).save(buffer, format="png")
    return buffer.getvalue()


def fill(logbook, steps):
    for step in steps:
        logbook.scalars(step, {"loss": 1 / step})
        if step % 2 == 0:
            logbook.scalars(step, {"score": step})
            logbook.histogram(step, "sample", np.arange(step))
            logbook.figure(step, "example", png(step))


def seen_by_tensorboard(folder):
    everything = {"scalars": 0, "histograms": 0, "images": 0}
    events = EventAccumulator(str(folder), everything).Reload()
    scalars = {
        tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]
    }
    histograms = [(e.step, e.histogram_value.num) for e in events.Histograms("sample")]
    images = [(e.step, e.width, e.height, e.encoded_image_string) for e in events.Images("example")]
    return scalars, histograms, images


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_resumed_logbook_leaves_what_an_undisturbed_one_does(tmp_path):
    whole = Logbook(tmp_path / "whole", run_name="first")
    fill(whole, range(1, 7))
    whole.close()

    killed = Logbook(tmp_path / "resumed", run_name="first")
    fill(killed, range(1, 4))
    torch.save(killed.state_dict(), tmp_path / "state.pt")
    fill(killed, range(4, 6))
    # all that it could have written; left open, its thread may write on into what is resumed
    killed.close()
    resumed = Logbook(tmp_path / "resumed", run_name="second")
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert resumed.run_name == "first"
    fill(resumed, range(4, 7))
    resumed.close()

    text = (tmp_path / "whole/history.csv").read_text()
    assert (tmp_path / "resumed/history.csv").read_text() == text
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["step"] for row in rows] == list("123456")
    assert [row["score"] for row in rows] == ["", "2.0", "", "4.0", "", "6.0"]
    expected = seen_by_tensorboard(tmp_path / "whole/tensorboard/first")
    assert expected[1] == [(2, 2), (4, 4), (6, 6)]
    assert [image[:3] for image in expected[2]] == [(2, 5, 3), (4, 5, 3), (6, 5, 3)]
    assert seen_by_tensorboard(tmp_path / "resumed/tensorboard/first") == expected
    assert names_in(tmp_path / "resumed/tensorboard") == ["first"]


def test_a_state_takes_the_place_of_what_was_logged_before_it(tmp_path):
    logbook = Logbook(tmp_path, run_name="kept")
    fill(logbook, range(1, 3))
    state = logbook.state_dict()
    logbook.close()
    other = Logbook(tmp_path, run_name="dropped")
    fill(other, range(1, 9))
    other.load_state_dict(state)
    other.close()
    assert names_in(tmp_path / "tensorboard") == ["kept"]
    scalars, *_ = seen_by_tensorboard(tmp_path / "tensorboard/kept")
    assert scalars == {"loss": [(1, 1.0), (2, 0.5)], "score": [(2, 2.0)]}


def test_a_display_that_cannot_write_is_given_up_and_the_rest_goes_on(
    tmp_path, monkeypatch, capsys
):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    logbook = Logbook(tmp_path, run_name="first")
    logbook.scalars(1, {"loss": 1.0})
    monkeypatch.setattr(TensorBoardRun, "scalars", fail)
    for step in (2, 3):
        logbook.scalars(step, {"loss": 1 / step})
    monkeypatch.undo()
    logbook.figure(3, "example", png(3))
    logbook.close()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("TensorBoardRun ends here (No space left on device); the training goes on")
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 4
    assert "example" not in EventAccumulator(str(tmp_path / "tensorboard/first")).Reload().Tags()


def test_a_run_replaces_one_of_its_name_and_no_other(tmp_path):
    for name, steps in (("a", [1]), ("b", [1, 2]), ("a", [2, 4])):
        logbook = Logbook(tmp_path, run_name=name)
        fill(logbook, steps)
        logbook.close()
    runs = {
        name: seen_by_tensorboard(tmp_path / "tensorboard" / name)[0]["loss"]
        for name in names_in(tmp_path / "tensorboard")
    }
    assert runs == {"a": [(2, 0.5), (4, 0.25)], "b": [(1, 1.0), (2, 0.5)]}


def test_a_state_keeps_the_newest_figures_of_each_name(tmp_path):
    logbook = Logbook(tmp_path, run_name="run")
    logbook.figure(1, "rare", png(0))
    for step in range(1, FIGURES_KEPT + 4):
        logbook.figure(step, "frequent", png(step))
    kept = [(figure["name"], figure["step"]) for figure in logbook.state_dict()["figures"]]
    assert kept == [("rare", 1), *(("frequent", step) for step in range(4, FIGURES_KEPT + 4))]
    logbook.close()


def test_logged_scalars_are_found_by_step(tmp_path):
    logbook = Logbook(tmp_path, run_name="run")
    fill(logbook, range(1, 3))
    logbook.close()
    assert logbook.at(2) == {"step": 2, "loss": 0.5, "score": 2.0}
    with pytest.raises(KeyError):
        logbook.at(3)


def test_the_default_name_is_a_sortable_time_and_a_good_name(tmp_path):
    name = default_run_name()
    begun = datetime.strptime(name, "%Y-%m-%dT%H-%M-%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - begun) < timedelta(minutes=1)
    assert Logbook(tmp_path, run_name=name).run_name == name


@pytest.mark.parametrize("name", ["", "..", "a/b", "-a", "a b", "a" * 65])
def test_a_name_that_is_no_folder_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="run name"):
        Logbook(tmp_path, run_name=name)


class HParamsTab:
    """What the HParams tab of ``tensorboard --logdir`` gets from its own server code."""

    def __init__(self, logdir):
        runs = EventMultiplexer().AddRunsFromDirectory(str(logdir)).Reload()
        context = Context(SimpleNamespace(data_provider=MultiplexerDataProvider(runs, str(logdir))))
        request = RequestContext()
        metadata = context.hparams_metadata(request, "")
        self.experiment = context.experiment_from_metadata(request, "", True, metadata, [])
        asked = api_pb2.ListSessionGroupsRequest(
            slice_size=100,
            allowed_statuses=[api_pb2.STATUS_SUCCESS],
            col_params=[
                api_pb2.ColParams(metric=metric.name) for metric in self.experiment.metric_infos
            ],
            include_metrics=True,
        )
        groups = Handler(request, context, "", asked).run().session_groups
        self.rows = {group.name: self._row(group) for group in groups}

    @staticmethod
    def _row(group):
        row = {
            name: getattr(value, value.WhichOneof("kind")) for name, value in group.hparams.items()
        }
        return row | {m.name.tag: m.value for m in group.metric_values}


def test_runs_stand_side_by_side_in_the_hparams_tab(tmp_path):
    gan = Logbook(tmp_path / "gan", run_name="run")
    fill(gan, range(1, 5))
    gan.hyperparameters(
        {"rate": 3e-4, "steps": 4, "compile": False, "betas": [0.0, 0.9], "penalty": None}
        | {"critic": {"layers": 2, "family": "epic"}},
        {"auc": 0.51, "bias": None, "best": {"step": 3}},
    )
    gan.close()
    # another stage, with keys of its own and the same run name
    counts = Logbook(tmp_path / "counts", run_name="run")
    fill(counts, range(1, 3))
    counts.hyperparameters({"rate": 1e-3, "components": 3}, {"nll": 1.75})
    counts.close()

    tab = HParamsTab(tmp_path)
    names = "rate steps compile betas penalty critic.layers critic.family components"
    assert {info.name for info in tab.experiment.hparam_infos} == set(names.split())
    assert tab.rows.keys() == {"gan/tensorboard/run", "counts/tensorboard/run"}
    row = tab.rows["gan/tensorboard/run"]
    assert row == {
        "rate": 3e-4,
        "steps": 4,
        "compile": False,
        "betas": "[0.0, 0.9]",
        "penalty": "None",
        "critic.layers": 2,
        "critic.family": "epic",
        "loss": 0.25,
        "score": 4,
        "final/auc": pytest.approx(0.51),
        "final/best.step": 3,
    }
    assert row["compile"] is False
    assert tab.rows["counts/tensorboard/run"]["final/nll"] == 1.75


def test_wandb_is_imported_only_when_asked_for(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    Logbook(tmp_path, run_name="run").close()
    with pytest.raises(InputError, match=r"requirements-wandb\.txt") as error:
        Logbook(tmp_path, run_name="run", wandb=WandbSettings(project="muons"))
    assert "\n" not in str(error.value)


class OnlineWandb:
    """Stands for the package when its server has the steps below ``known`` of a resumed run."""

    def __init__(self, known):
        self.known = known
        self.ids, self.rows = [], []

    def Settings(self, **_):  # noqa: N802
        return None

    def init(self, *, id, resume, **_):
        self.ids.append(id)
        self.step = self.known if resume == "allow" else 0
        return self

    def log(self, values, step):
        self.rows.append((step, values))

    def finish(self):
        pass


def test_wandb_gets_no_step_twice(tmp_path, monkeypatch):
    wandb = OnlineWandb(known=4)
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    settings = WandbSettings(project="muons")
    killed = Logbook(tmp_path / "gan", run_name="first", wandb=settings)
    for step in (1, 2):
        killed.scalars(step, {"loss": step})
    state = killed.state_dict()
    killed.scalars(3, {"loss": 3})
    killed.close()
    resumed = Logbook(tmp_path / "gan", run_name="second", wandb=settings)
    resumed.load_state_dict(state)
    for step in (3, 4, 5):
        resumed.scalars(step, {"loss": step})
    resumed.close()
    assert wandb.rows == [(step, {"loss": step}) for step in range(1, 6)]

    # a new training of an old name begins anew
    again = Logbook(tmp_path / "gan", run_name="first", wandb=settings)
    again.scalars(1, {"loss": 7})
    again.close()
    assert wandb.rows[5:] == [(1, {"loss": 7})]
    elsewhere = Logbook(tmp_path / "copy/gan", run_name="first", wandb=settings)
    elsewhere.scalars(1, {"loss": 8})
    elsewhere.close()
    assert wandb.ids[0] == wandb.ids[1] == wandb.ids[2] != wandb.ids[3]


def records(file):
    """Yield the records of a ``.wandb`` file: LevelDB's log format after a header of 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, position, parts = file.read_bytes(), 7, b""
    while position < len(content):
        if 32768 - position % 32768 < 7:
            position += 32768 - position % 32768
            continue
        length = int.from_bytes(content[position + 4 : position + 6], "little")
        kind = content[position + 6]
        parts += content[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):
            record = Record()
            record.ParseFromString(parts)
            yield record
            parts = b""


@pytest.mark.slow
def test_wandb_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    settings = WandbSettings(project="muons")
    killed = Logbook(tmp_path / "gan", run_name="first", wandb=settings)
    fill(killed, range(1, 4))
    state = killed.state_dict()
    killed.close()
    # the folders of attempts have names to the second
    (tmp_path / "gan/wandb").rename(tmp_path / "killed")
    resumed = Logbook(tmp_path / "gan", run_name="second", wandb=settings)
    resumed.load_state_dict(state)
    fill(resumed, range(4, 7))
    resumed.hyperparameters({"rate": 3e-4}, {"auc": 0.51})
    resumed.close()
    # waits for the process that writes the files, as the end of the program does
    wandb.teardown()

    (first,) = tmp_path.glob("killed/offline-run-*/*.wandb")
    (second,) = tmp_path.glob("gan/wandb/offline-run-*/*.wandb")
    # named by the run's id
    assert first.name == second.name
    whole = list(records(second))
    (run,) = [record.run for record in whole if record.HasField("run")]
    assert (run.project, run.run_group, run.display_name) == ("muons", "gan", "gan/first")
    rows = [
        {item.key or item.nested_key[0]: item.value_json for item in record.history.item}
        for record in whole
        if record.HasField("history")
    ]
    assert [int(row["_step"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [float(row["loss"]) for row in rows] == [1 / step for step in range(1, 7)]
    assert ["sample" in row and "example" in row for row in rows] == [False, True] * 3
    summary = {
        item.key or item.nested_key[0]: item.value_json
        for record in whole
        for item in record.summary.update
    }
    assert float(summary["final/auc"]) == 0.51
    assert len(list(second.parent.glob("files/media/images/*.png"))) == 3
