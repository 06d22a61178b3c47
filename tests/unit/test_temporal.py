"""The report on a film's steadiness, on films that were drawn and painted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from gramflow.film.manifest import Manifest
from gramflow.media.pictures import read_picture, to_pixels
from gramflow.settings.config import load
from gramflow.store.frames import extracted_store, painted_store, pixels_digest
from gramflow.store.records import Record
from gramflow.view.plots import plot_temporal
from gramflow.view.temporal import TemporalReport, measure_film
from tests.support.media import textured

SCENE = textured(height=120, width=220)
FIGURE = np.s_[30:80, 50:110]


def panned(number):
    """What the camera sees of the scene in a frame."""
    return SCENE[:, 3 * number : 3 * number + 160].copy()


@pytest.fixture
def measured(tmp_path):
    """Measures a film that pans over a scene, from number 6 on with a figure if there is one.

    It is told how each frame is painted, and which loss terms the records tell.
    """
    config = load(
        {
            "videos": {"clip": {"path": __file__}},
            "styles": {"red": {"images": [__file__]}},
            "looks": {"default": {"width": 160, "losses": {"gram": {"weight": 1}}}},
            "store": str(tmp_path / "store"),
        }
    )

    def measure(
        paint, shots=(0,), repeated=1, figure=None, terms=lambda _: {}, hold=1
    ) -> TemporalReport:
        keys = [f"{n - n % (repeated * hold):064x}" for n in range(12)]
        frames = []
        for number, key in enumerate(keys):
            view = panned(number - number % repeated)
            if figure is not None and number >= 6:
                view[FIGURE] = figure
            frames.append(pixels_digest(to_pixels(view)))
            extracted_store(config.store).write(frames[-1], to_pixels(view))
            if number % hold == 0:
                painted = np.clip(paint(number, view), 0, 1).astype(np.float32)
                painted_store(config.store).write(key, to_pixels(painted))
        manifest = Manifest(160, 120, "1/25", 0, frames, list(range(12)), 1, list(shots))
        told = [{"key": key, "terms": terms(number)} for number, key in enumerate(keys)]
        records = [Record("", "clip.red", {}, part) for part in (told[:6], told[6:])]
        looks = {"default": replace(config.looks["default"], hold=hold)}
        lines: list[str] = []
        changed = replace(config, looks=looks)
        return measure_film(changed, config.renders["clip.red"], manifest, records, 2, lines.append)

    return measure


def test_what_moves_with_the_film_is_steady(measured):
    report = measured(lambda _, view: 1 - view)
    assert report.frames == list(range(1, 12))
    assert report.percentile_95 < 2e-4 and report.flagged == {}
    assert np.abs(report.brightness).max() < 0.003 and np.abs(report.saturation).max() < 0.01
    assert min(report.trusted) > 0.8 and max(report.dragged) < 0.01


def test_a_held_picture_is_compared_along_the_motion_since_it_was_painted(measured):
    """The film goes on beneath it: four pictures, each shown for three frames."""
    report = measured(lambda _, view: 1 - view, hold=3)
    assert [error > 0 for error in report.errors] == [number % 3 == 0 for number in range(1, 12)]
    assert report.percentile_95 < 2e-4 and report.flagged == {}


def test_a_frame_that_stands_out_is_flagged(measured):
    random = np.random.default_rng(3)

    def paint(number, view):
        return view + 0.03 * random.normal(size=view.shape) * (1 if number != 6 else 5)

    report = measured(paint)
    # against the one before, and the one after against it
    reasons = ["The temporal error is more than 3 times the median."]
    assert report.flagged == {6: reasons, 7: reasons}
    # two independent noises of 0.03, of which the warp takes some away
    assert 0.5 * 2 * 0.03**2 < report.median < 1.1 * 2 * 0.03**2


def test_drift_adds_up_and_begins_anew_with_a_shot(measured):
    report = measured(lambda number, view: 0.6 * 1.01**number * view, shots=(0, 8))
    expected = [1.01**n - 1 for n in range(1, 8)] + [1.01**n - 1 for n in range(1, 4)]
    assert report.frames == [*range(1, 8), *range(9, 12)]
    assert np.allclose(report.brightness, expected, atol=0.003)
    assert np.allclose(report.saturation, expected, atol=0.01)
    assert "The brightness has drifted by +7% in this shot." in report.flagged[7]
    assert not {1, 2, 3, 9, 10, 11} & report.flagged.keys()


def test_paint_that_goes_along_with_a_wrong_flow_is_flagged(measured):
    """A plain figure comes from nowhere; flow both ways says that its place pans like the rest."""
    paints = [lambda number, _: panned(number), lambda _, view: view]
    reports = [measured(paint, figure=0.8) for paint in paints]
    for report in reports:
        assert 0.1 < report.dragged[5] < 0.2
        assert max(report.dragged[:5] + report.dragged[6:]) < 0.02
    dragged, painted = reports
    # along that flow, and over all that the film lets trust, it is as steady as the others
    assert dragged.errors[5] < 3 * dragged.median
    assert dragged.followed[5] > 0.8 and painted.followed[5] < 0.2
    share = dragged.dragged[5]
    reason = f"In {share:.0%} of the picture the flow is wrong and the paint went along."
    assert dragged.flagged[6] == [reason]
    assert painted.flagged == {}


def test_a_picture_that_forgets_the_film_is_flagged(measured):
    """Its terms are told as multiples of those of its shot's first frame."""

    def terms(number):
        content = 0.5 * (1 + 0.1 * number) if number < 8 else 0.8 - 0.1 * (number - 8)
        return {"content": content, "gram": 0.1 * (number + 1), "moments": 0.1, "tv": number}

    report = measured(lambda _, view: view, shots=(0, 8), terms=terms)
    assert np.allclose(report.content, [1 + 0.1 * n for n in range(1, 8)] + [7 / 8, 6 / 8, 5 / 8])
    assert np.allclose(report.style, [(n + 2) / 2 for n in range(1, 8)] + [1.1, 1.2, 1.3])
    assert list(report.flagged) == [3, 4, 5, 6, 7, 11]
    assert report.flagged[4] == [
        "It shows less of the film: its content term is 1.40 times that of the shot's first frame."
    ]
    assert "more of the film" in report.flagged[11][0]


def test_records_without_terms_tell_nothing_of_them(measured):
    report = measured(lambda _, view: view, terms=lambda number: {"content": 1.0} if number else {})
    assert report.content == report.style == [] and report.flagged == {}


def test_what_came_into_sight_since_the_first_frame_is_bare(measured):
    """Three more columns of 160 with every frame; nothing in a shot's first one."""
    report = measured(lambda _, view: view, shots=(0, 8))
    expected = [3 * n / 160 for n in range(1, 8)] + [3 * n / 160 for n in range(1, 4)]
    assert np.allclose(report.bare, expected, rtol=0.3, atol=0.02)


def test_repeated_pictures_do_not_count(measured):
    """A film drawn on twos: its changes are the rule, not flagged."""
    random = np.random.default_rng(3)
    noise = [0.03 * random.normal(size=(120, 160, 3)) for _ in range(6)]
    report = measured(lambda number, view: view + noise[number // 2], repeated=2)
    assert report.errors[::2] == [0] * 6
    assert 0.5 * 2 * 0.03**2 < report.median < 1.1 * 2 * 0.03**2 and report.flagged == {}


def test_a_report_of_one_frame_is_empty(measured, tmp_path):
    report = measured(lambda _, view: view, shots=range(12))
    assert report.frames == [] and report.median == 0
    report.save(tmp_path / "report.json")
    assert TemporalReport.load(tmp_path / "report.json") == report


def test_a_report_is_saved_and_drawn(measured, tmp_path):
    random = np.random.default_rng(3)
    report = measured(lambda n, view: view + (n == 6) * 0.2 * random.normal(size=view.shape))
    report.save(tmp_path / "report.json")
    assert report.flagged and TemporalReport.load(tmp_path / "report.json") == report
    plot_temporal(report, tmp_path / "report.png")
    assert read_picture(tmp_path / "report.png").std() > 0.05
