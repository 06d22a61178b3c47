"""What a run will take, told before it begins."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.film.identity import random_weights
from gramflow.film.manifest import Manifest
from gramflow.film.plan import make_plan
from gramflow.settings.config import load
from gramflow.settings.renders import Render
from gramflow.store.frames import Listing, painted_store
from gramflow.store.layout import Layout
from gramflow.store.plans import current_plan
from gramflow.view import forecasts
from gramflow.view.forecasts import (
    Forecast,
    calibrate,
    duration,
    forecast,
    guessed_plan,
    in_words,
    probe_of,
)
from tests.support import media
from tests.support.renders import painted_keys

WEIGHTS = random_weights("vgg16")


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A film of 25 frames that is not extracted yet."""
    monkeypatch.chdir(tmp_path)
    media.make("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", media.local(tmp_path / "clip.mp4"))
    media.make(
        *["-f", "lavfi", "-i", "testsrc=s=64x48:d=1"], "-frames:v", "1", str(tmp_path / "style.png")
    )
    look = {"width": 100, "height": 100, "evaluations": 10, "first": 2}
    return load(
        {
            "weights": "random",
            "videos": {"clip": {"path": "clip.mp4"}},
            "styles": {"card": {"images": ["style.png"]}},
            "looks": {"default": look},
            "segment_frames": 10,
        }
    )


def told(config, name="clip.card", planned=None):
    """The forecast of a render as `gramflow plan` makes it."""
    render = config.renders[name]
    layout = Layout(config)
    plan = current_plan(config, render, layout)
    if plan is None:
        plan = guessed_plan(config, render, probe_of(config, render.video, layout))
    return forecast(config, plan, Listing(painted_store(config.store)), planned)


def test_a_film_that_is_not_extracted(config):
    found = told(config, planned=(made := set()))
    # three keyframes, then three segments, the longest of them with nine frames more
    assert (found.frames, found.made, found.jobs, found.chain) == (25, 25, 4, 12)
    assert len(made) == 25
    evaluations = (25 + 3) * 10  # a keyframe's twice
    assert found.seconds(2.0) == pytest.approx(evaluations * 0.01 * 2 + 4 * forecasts.JOB_SECONDS)
    assert found.disk_mb >= 25 * 100 * 100 * 6 / 1e6


@pytest.mark.parametrize(
    ("start", "evaluations"), [("content", 25 * 12.5), ("previous", 220 + 3 * 2 * 12.5)]
)
def test_smaller_widths_cost_their_share(config, start, evaluations):
    """A quarter of the whole for each frame or each of three keyframes."""
    look = replace(config.looks["default"], start=start, coarsest=50)
    smaller = replace(config, looks={"default": look})
    found = told(smaller)
    started = found.jobs * forecasts.JOB_SECONDS
    assert found.seconds(2.0) == pytest.approx(evaluations * 0.01 * 2 + started)


def test_a_part_of_a_film(config):
    config.videos["clip"] |= {"start": 0.2, "end": 0.6}
    found = told(config)
    assert (found.frames, found.jobs, found.chain) == (10, 1, 10)


def test_memory_keeps_the_limit(config):
    look = replace(config.looks["default"], width=1000, height=1000)
    config = replace(config, looks={"default": look})
    limited = replace(config, memory="1.2GB")
    any_memory, little = (told(each) for each in (config, limited))
    assert little.memory_mb == 1800 < any_memory.memory_mb


def test_a_stream_that_is_not_recorded(config):
    config.videos["clip"] |= {"path": "rtsp://camera/film", "seconds": 5}
    with pytest.raises(GramflowError, match=r"^videos\.clip\.path: .*--until probe"):
        told(config)


def test_what_is_painted_is_not_planned(config):
    render, layout = config.renders["clip.card"], Layout(config)
    frames = [f"{number:064x}" for number in range(25)]
    manifest = Manifest(64, 48, "1/25", 0, frames, list(range(25)), 1, [0, 12])
    manifest.save(Path(layout.manifest("clip")))
    WEIGHTS.save(Path(layout.weights))
    keys = painted_keys(config, render, manifest, WEIGHTS)
    painted = painted_store("store")
    for number in range(12):
        painted.write(keys[-1][number], np.zeros((2, 2, 3), np.uint16))
    found = told(config, planned=(made := set()))
    # of the first shot nothing is left; of the second its keyframes and two segments
    assert (found.frames, found.made, found.jobs, found.chain) == (25, 13, 3, 11)
    assert made == {keys[-1][number] for number in range(12, 25)}
    # nor once a run has written its plan
    make_plan(config, render, manifest, WEIGHTS).save(Path(layout.plan(render)))
    assert told(config) == found


def test_what_two_renders_share_is_planned_once(config):
    same = replace(config.looks["default"], name="same")
    twin = Render("clip", "card", "same")
    renders = config.renders | {twin.name: twin}
    both = replace(config, looks=config.looks | {"same": same}, renders=renders)
    planned = set()
    first = told(both, planned=planned)
    assert len(planned) == 25
    second = told(both, twin.name, planned)
    assert replace(first, name=twin.name) == told(both, twin.name)
    assert (second.frames, second.made, second.jobs, second.disk_mb) == (25, 0, 0, 0)
    assert second.seconds(2.0) == 0 and len(planned) == 25
    assert duration([first, second], [2.0, 2.0], 1) == first.seconds(2.0)


def test_several_gpus_wait_for_a_chain_only():
    """All of a thousand seconds: 425 evaluations of two megapixels, and the start of ten jobs."""
    short = Forecast("a", 100, 100, 10, 5, 425, 2000, 1000, None)
    long = replace(short, name="b", chain=50)
    assert duration([short], [1.0], 1) == 1000
    assert duration([short, short], [1.0, 1.0], 4) == 500
    assert duration([short, long], [1.0, 1.0], 100) == 500
    assert duration([short, long], [1.0, 3.0], 1) == 1000 + 2700


def test_forecasts_in_words():
    """What is not known is said, and nothing where nothing is to be painted."""
    some = Forecast("a", 100, 90, 10, 5, 425, 2000, 1000, None)
    done = replace(some, made=0, jobs=0)
    assert in_words([some, some, done], [], []) == "180 frames to paint in 20 jobs"
    assert in_words([some], [], ["a", "b"]) == (
        "about 90 frames to paint in about 10 jobs; not planned yet: a, b"
    )
    assert in_words([some], ["c"], []) == "90 frames to paint in 10 jobs; not known yet: c"
    assert in_words([done], ["c"], []).endswith("; not known yet: c")
    assert in_words([done, done], [], []) == in_words([], [], []) == ""


def test_a_calibration_is_kept(config, monkeypatch):
    look = config.looks["default"]
    seconds = calibrate(config, look, "this device")
    assert seconds > 0
    monkeypatch.setattr(forecasts, "_timed", lambda *_: pytest.fail("timed again"))
    assert calibrate(config, look, "this device") == seconds
