"""What a run will take, told before it begins."""

from dataclasses import replace

import numpy as np
import pytest

from gramflow import planning, recipes, store
from gramflow.config import Render, load
from gramflow.errors import GramflowError
from gramflow.manifest import Manifest
from gramflow.planning import RenderPlan, calibrate, duration, plan_render
from gramflow.weights import random_weights
from tests import media

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


def test_a_film_that_is_not_extracted(config):
    plan = plan_render(config, config.renders["clip.card"], seconds=2.0)
    # three keyframes, then three segments, the longest of them with nine frames more
    assert (plan.frames, plan.made, plan.jobs, plan.chain) == (25, 25, 4, 12)
    evaluations = (25 + 3) * 10  # a keyframe's twice
    assert plan.seconds == pytest.approx(evaluations * 0.01 * 2 + 4 * planning.JOB_SECONDS)
    assert plan.disk_mb >= 25 * 100 * 100 * 6 / 1e6


@pytest.mark.parametrize(
    ("start", "evaluations"), [("content", 25 * 12.5), ("previous", 220 + 3 * 2 * 12.5)]
)
def test_smaller_widths_cost_their_share(config, start, evaluations):
    """A quarter of the whole for each frame or each of three keyframes."""
    look = replace(config.looks["default"], start=start, coarsest=50)
    smaller = replace(config, looks={"default": look})
    plan = plan_render(smaller, config.renders["clip.card"], seconds=2.0)
    assert plan.seconds == pytest.approx(evaluations * 0.01 * 2 + plan.jobs * planning.JOB_SECONDS)


def test_a_part_of_a_film(config):
    config.videos["clip"] |= {"start": 0.2, "end": 0.6}
    plan = plan_render(config, config.renders["clip.card"], seconds=2.0)
    assert (plan.frames, plan.jobs, plan.chain) == (10, 1, 10)


def test_memory_keeps_the_limit(config):
    look = replace(config.looks["default"], width=1000, height=1000)
    config = replace(config, looks={"default": look})
    limited = replace(config, memory="1.2GB")
    any_memory, little = (plan_render(c, c.renders["clip.card"], 2.0) for c in (config, limited))
    assert little.memory_mb == 1800 < any_memory.memory_mb


def test_a_stream_that_is_not_recorded(config):
    config.videos["clip"] |= {"path": "rtsp://camera/film", "seconds": 5}
    with pytest.raises(GramflowError, match=r"^videos\.clip\.path: .*--until probe"):
        plan_render(config, config.renders["clip.card"], seconds=2.0)


def test_what_is_painted_is_not_planned(config, tmp_path):
    render = config.renders["clip.card"]
    frames = [f"{number:064x}" for number in range(25)]
    manifest = Manifest(64, 48, "1/25", 0, frames, list(range(25)), 1, [0, 12])
    manifest.save(tmp_path / "work/clip/manifest.json")
    WEIGHTS.save(tmp_path / "work/weights.json")
    keys = recipes.painted_keys(config, render, manifest, WEIGHTS)
    painted = store.painted("store")
    for number in range(12):
        painted.write(keys[-1][number], np.zeros((2, 2, 3), np.uint16))
    plan = plan_render(config, render, seconds=2.0)
    # of the first shot nothing is left; of the second its keyframes and two segments
    assert (plan.frames, plan.made, plan.jobs, plan.chain) == (25, 13, 3, 11)


def test_what_two_renders_share_is_planned_once(config):
    same = replace(config.looks["default"], name="same")
    both = replace(config, looks=config.looks | {"same": same})
    twin, planned = Render("clip", "card", "same"), set()
    first = plan_render(both, both.renders["clip.card"], 2.0, planned=planned)
    second = plan_render(both, twin, 2.0, planned=planned)
    alone = plan_render(both, twin, 2.0)
    assert replace(first, name=twin.name) == alone
    assert (second.frames, second.made, second.jobs, second.disk_mb) == (25, 0, 0, 0)
    assert second.seconds == 0 and duration([first, second], 1) == first.seconds


def test_several_gpus_wait_for_a_chain_only():
    plan = RenderPlan("a", 100, 100, 10, 5, 1000.0, 1, 1)
    long = RenderPlan("b", 100, 100, 10, 50, 1000.0, 1, 1)
    assert duration([plan], 1) == 1000
    assert duration([plan, plan], 4) == 500
    assert duration([plan, long], 100) == 500


def test_a_calibration_is_kept(config, monkeypatch):
    look = config.looks["default"]
    seconds = calibrate(config, look, "this device")
    assert seconds > 0
    monkeypatch.setattr(planning, "_timed", lambda *_: pytest.fail("timed again"))
    assert calibrate(config, look, "this device") == seconds
