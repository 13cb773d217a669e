"""Figures of events that do not fill every bin: vertical showers, gaps in the spectrum."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.described import Described
from fastsim.bundles.figures import displays, energies, power
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.multiplicity import draw_by_energy, draw_by_mass, draw_by_zenith
from fastsim.bundles.figures.style import house_style


def figure_data(primaries):
    events = Described(draw_events(primaries, 2))
    return FigureData(events, events, 1.0, {}, {}, None, None, 0)


def titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


def test_vertical_showers_are_no_bins_of_the_zenith_angle() -> None:
    primaries = draw_primaries(100, 1)
    assert len(titles(draw_by_zenith(figure_data(primaries)))) == 4
    vertical = np.array(primaries)
    vertical[:, 2] = 0.0
    assert titles(draw_by_zenith(figure_data(vertical))) == ["all events"]


def test_a_gap_in_the_spectrum_leaves_no_empty_panels() -> None:
    primaries = np.array(draw_primaries(100, 1))
    primaries[:, 0] = np.where(np.arange(len(primaries)) % 2, 1e4, 1e7)
    assert len(titles(draw_by_energy(figure_data(primaries)))) == 3


def test_many_nuclei_are_all_shown() -> None:
    primaries = np.array(draw_primaries(100, 1))
    nuclei = np.array([1, 4, 12, 14, 27, 54, 56])
    primaries[:, 1] = 0.93149 * np.resize(nuclei, len(primaries))
    figure = draw_by_mass(figure_data(primaries))
    assert titles(figure) == ["p", "He", "A = 12", "N", "A = 27 to 56", "all events"]


def test_the_band_of_an_ensemble_holds_all_trainings() -> None:
    primaries = draw_primaries(100, 1)
    scales = (1.0, 0.9, 1.2)
    samples = [Described(draw_events(primaries, 3, energy_scale=scale)) for scale in scales]
    data = replace(figure_data(primaries), generated=samples[0], members=tuple(samples[1:]))
    figure = energies.draw(data)
    assert "least to most of 3 trainings" in [text.get_text() for text in figure.legends[0].texts]
    spectrum, ratio = figure.axes[:2]
    bands = [[patch for patch in ax.patches if patch.get_alpha()] for ax in (spectrum, ratio)]
    (of_spectrum,), (of_ratio,) = ([band.get_data() for band in each] for each in bands)
    edges = of_spectrum.edges
    of_muons = (described.per_muon["log10_energy"] for described in (data.real, *samples))
    real, *generated = (np.histogram(values, edges)[0] for values in of_muons)
    scale = np.diff(edges) * data.real.events.counts.sum()
    np.testing.assert_allclose(of_spectrum.values, np.max(generated, axis=0) / scale)
    np.testing.assert_allclose(of_spectrum.baseline, np.min(generated, axis=0) / scale)
    most = np.max(generated, axis=0)
    filled = real > 0
    np.testing.assert_allclose(of_ratio.values[filled], most[filled] / real[filled])


def test_without_an_ensemble_there_is_no_band() -> None:
    figure = energies.draw(figure_data(draw_primaries(100, 1)))
    assert not any(patch.get_alpha() for ax in figure.axes for patch in ax.patches)


def test_power_of_too_few_events_is_said() -> None:
    data = replace(figure_data(draw_primaries(20, 1)), metrics={"power": None})
    assert [text.get_text() for ax in power.draw(data).axes for text in ax.texts] == [
        "too few events"
    ]


@pytest.mark.parametrize("wanted", [1, 3, 4])
def test_any_number_of_displays(wanted: int) -> None:
    data = replace(figure_data(draw_primaries(100, 1)), event_displays=wanted)
    with house_style():
        figure = displays.draw(data)
    # two panels a pair, and the colour bar
    assert len(figure.axes) == 2 * wanted + 1
