"""The report on a film's steadiness, on films that were painted by hand."""

import numpy as np
import pytest

from gramflow import store
from gramflow.config import load
from gramflow.manifest import Manifest
from gramflow.media.pictures import to_pixels
from gramflow.temporal import TemporalReport, measure_film
from tests.unit.test_flows import textured


@pytest.fixture
def measured(tmp_path):
    """Measures a film that pans over a scene; it is told how each frame is painted."""
    config = load(
        {
            "videos": {"clip": {"path": __file__}},
            "styles": {"red": {"images": [__file__]}},
            "looks": {"default": {"width": 160}},
            "store": str(tmp_path / "store"),
        }
    )
    scene = textured(height=120, width=220)

    def measure(paint, shots=(0,), repeated=1) -> TemporalReport:
        keys = [f"{n - n % repeated:064x}" for n in range(12)]
        for number, key in enumerate(keys):
            view = scene[:, 3 * number : 3 * number + 160]
            store.frames(config.store).write(key, to_pixels(view))
            painted = np.clip(paint(number, view), 0, 1).astype(np.float32)
            store.painted(config.store).write(key, to_pixels(painted))
        manifest = Manifest(160, 120, "1/25", 0, keys, list(range(12)), 1, list(shots))
        lines: list[str] = []
        return measure_film(config, config.renders["clip.red"], manifest, keys, 2, lines.append)

    return measure


def test_what_moves_with_the_film_is_steady(measured):
    report = measured(lambda _, view: 1 - view)
    assert report.frames == list(range(1, 12))
    assert report.percentile_95 < 2e-4 and report.flagged == []
    assert np.abs(report.brightness).max() < 0.003 and np.abs(report.saturation).max() < 0.01
    assert min(report.trusted) > 0.8


def test_a_frame_that_stands_out_is_flagged(measured):
    random = np.random.default_rng(3)

    def paint(number, view):
        return view + 0.03 * random.normal(size=view.shape) * (1 if number != 6 else 5)

    report = measured(paint)
    assert report.flagged == [6, 7]  # against the one before, and the one after against it
    # two independent noises of 0.03, of which the warp takes some away
    assert 0.5 * 2 * 0.03**2 < report.median < 1.1 * 2 * 0.03**2


def test_drift_adds_up_and_begins_anew_with_a_shot(measured):
    report = measured(lambda number, view: 0.6 * 1.01**number * view, shots=(0, 8))
    expected = [1.01**n - 1 for n in range(1, 8)] + [1.01**n - 1 for n in range(1, 4)]
    assert report.frames == [*range(1, 8), *range(9, 12)]
    assert np.allclose(report.brightness, expected, atol=0.003)
    assert np.allclose(report.saturation, expected, atol=0.01)


def test_repeated_pictures_do_not_count(measured):
    """A film drawn on twos: its changes are the rule, not flagged."""
    random = np.random.default_rng(3)
    noise = [0.03 * random.normal(size=(120, 160, 3)) for _ in range(6)]
    report = measured(lambda number, view: view + noise[number // 2], repeated=2)
    assert report.errors[::2] == [0] * 6
    assert 0.5 * 2 * 0.03**2 < report.median < 1.1 * 2 * 0.03**2 and report.flagged == []


def test_a_report_of_one_frame_is_empty(measured, tmp_path):
    report = measured(lambda _, view: view, shots=range(12))
    assert report.frames == [] and report.median == 0
    report.save(tmp_path / "report.json")
    assert TemporalReport.load(tmp_path / "report.json") == report
