"""Figures of events that do not fill every bin: vertical showers, gaps in the spectrum."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.lines import Line2D
from tests.unit.bundle_samples import draw_events, draw_primaries, toy_mean

from fastsim.bundles.described import Described
from fastsim.bundles.figures import displays, energies, power, weighted
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.multiplicity import (
    count_edges,
    draw_by_depth,
    draw_by_energy,
    draw_by_mass,
    draw_by_zenith,
)
from fastsim.bundles.figures.panels import add_legend, panel_grid
from fastsim.bundles.figures.style import house_style
from fastsim.bundles.fold_spectra import FoldSpectra
from fastsim.data.ragged import offsets_of
from fastsim.stats.negative_binomial import NegativeBinomialMixture


def figure_data(primaries):
    events = Described(draw_events(primaries, 2))
    return FigureData(events, events, 1.0, {}, {}, None, None, 0)


def bands(axes):
    """Return the translucent patches, which are no errors of the simulated sample."""
    return [patch for patch in axes.patches if patch.get_alpha()]


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


def test_few_muons_have_a_label_each_and_no_others() -> None:
    primaries = np.array(draw_primaries(100, 1))
    primaries[:, 0] = 3e4
    data = figure_data(primaries)
    most = int(data.real.events.counts.max())
    assert 2 <= most < 9
    (lowest, *_) = [ax for ax in draw_by_energy(data).axes if ax.get_xlabel()]
    lowest.figure.canvas.draw()
    axis = lowest.xaxis
    assert [label.get_text() for label in axis.get_majorticklabels()] == [
        str(number) for number in range(1, most + 2)
    ]
    assert not any(label.get_text() for label in axis.get_minorticklabels())


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
    (of_spectrum,), (of_ratio,) = (
        [band.get_data() for band in bands(ax)] for ax in (spectrum, ratio)
    )
    edges = of_spectrum.edges
    of_muons = (described.per_muon["log10_energy"] for described in (data.real, *samples))
    real, *generated = (np.histogram(values, edges)[0] for values in of_muons)
    scale = np.diff(edges) * data.real.events.counts.sum()
    np.testing.assert_allclose(of_spectrum.values, np.max(generated, axis=0) / scale)
    np.testing.assert_allclose(of_spectrum.baseline, np.min(generated, axis=0) / scale)
    most = np.max(generated, axis=0)
    filled = real > 0
    np.testing.assert_allclose(of_ratio.values[filled], most[filled] / real[filled])


def test_the_band_of_an_ensemble_has_the_weights_of_its_figure() -> None:
    primaries = draw_primaries(300, 1)
    scales = (1.0, 0.9, 1.2)
    samples = [Described(draw_events(primaries, 3, energy_scale=scale)) for scale in scales]
    data = replace(figure_data(primaries), generated=samples[0], members=tuple(samples[1:]))
    figure = weighted.draw(data)
    energy = next(ax for ax in figure.axes if ax.get_title() == "muons")
    (of_energy,) = (band.get_data() for band in bands(energy))
    weights = data.weighted.real.weights
    generated = [
        np.histogram(s.per_muon["log10_energy"], of_energy.edges, weights=np.repeat(weights, n))[0]
        for s, n in ((s, s.events.counts) for s in samples)
    ]
    scale = np.diff(of_energy.edges) * np.sum(weights * data.real.events.counts)
    np.testing.assert_allclose(of_energy.values, np.max(generated, axis=0) / scale)
    np.testing.assert_allclose(of_energy.baseline, np.min(generated, axis=0) / scale)
    # an ensemble has one model of the numbers of muons
    assert not bands(figure.axes[0])


def test_the_band_of_a_multiplicity_is_the_error_that_its_folds_tell() -> None:
    data = figure_data(draw_primaries(300, 1))
    mean = toy_mean(data.real.events.primaries.astype(np.float64))[:, None]
    folds = [
        NegativeBinomialMixture(np.ones_like(mean), scale * mean, np.full_like(mean, 3.0))
        for scale in (0.9, 1.0, 1.1)
    ]
    edges = count_edges(data.real.events.counts.max())
    data = replace(data, folds=FoldSpectra.of(folds, edges))
    figure = draw_by_depth(data)
    assert "error of its N by 3 folds" in [text.get_text() for text in figure.legends[0].texts]
    panels = [ax for ax in figure.axes if ax.get_title()]
    rows = [data.real.events.primaries[:, 3] == depth for depth in (1500, 2000)]
    for panel, of_panel in zip(panels, [*rows, np.ones(len(mean), bool)], strict=True):
        (band,) = (band.get_data() for band in bands(panel))
        events, bins = of_panel.sum(), len(band.values)
        generated, _ = np.histogram(data.generated.events.counts[of_panel], edges[: bins + 1])
        # N up to the last whole number of a bin
        expected = [fold.cdf(np.tile(np.floor(edges), (len(mean), 1)))[of_panel] for fold in folds]
        contents = np.array([np.diff(each, axis=1).sum(axis=0)[:bins] for each in expected])
        error = np.sqrt(2 / 3 * np.sum((contents - contents.mean(axis=0)) ** 2, axis=0))
        scale = np.diff(band.edges) * events
        np.testing.assert_allclose(band.values, (generated + error) / scale, rtol=1e-4)
        least = np.maximum(generated - error, 0.0) / scale
        np.testing.assert_allclose(band.baseline, least, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("highest", [81, 82, 83])
def test_the_largest_number_of_muons_may_be_the_last_of_its_bin(highest) -> None:
    primaries = draw_primaries(50, 1)
    events = draw_events(primaries, 2)
    counts = np.minimum(events.counts, highest)
    counts[0] = highest
    drawn = draw_events(primaries, 3, like=replace(events, offsets=offsets_of(counts)))
    mean = toy_mean(primaries)[:, None]
    folds = [NegativeBinomialMixture(np.ones_like(mean), mean, np.full_like(mean, 3.0))] * 2
    described, spectra = Described(drawn), FoldSpectra.of(folds, count_edges(highest))
    data = replace(figure_data(primaries), real=described, generated=described, folds=spectra)
    assert any(bands(ax) for ax in draw_by_depth(data).axes)


def test_the_longest_legend_fits_the_page() -> None:
    with house_style():
        figure, _ = panel_grid(1, 3, 3.0)
        add_legend(figure, [Line2D([], [], label="MUPAGE")], members=99, folds=50)
        figure.canvas.draw()
        box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


@pytest.mark.parametrize("draw", [energies.draw, draw_by_depth, weighted.draw])
def test_without_an_ensemble_or_folds_there_is_no_band(draw) -> None:
    figure = draw(figure_data(draw_primaries(100, 1)))
    assert not any(bands(ax) for ax in figure.axes)


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
