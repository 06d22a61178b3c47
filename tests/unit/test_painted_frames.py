"""Painted frames are written while the next one is painted."""

import threading

import numpy as np
import pytest

from gramflow.media.pictures import from_pixels, to_pixels
from gramflow.painting.frames import PaintedFrames
from gramflow.store.frames import painted_store


@pytest.fixture
def frames(tmp_path):
    return PaintedFrames(painted_store(tmp_path))


def pixels(seed):
    return to_pixels(np.random.default_rng(seed).uniform(0, 1, (480, 640, 3)).astype(np.float32))


def test_a_picture_can_be_read_before_it_is_written(frames):
    written = []
    for seed in range(3):
        key = f"{seed:02x}" * 32
        frames.keep(key, pixels(seed), {"seed": seed}, lambda key=key: written.append(key))
        assert np.array_equal(frames.picture(key), from_pixels(pixels(seed)))
        assert len(written) >= seed  # at most one is on its way
    frames.settle()
    for seed, key in enumerate(written):
        assert np.array_equal(frames.store.read(key), pixels(seed))
        assert frames.store.note(key)["seed"] == seed
    assert len(written) == 3


def test_done_is_called_elsewhere_once_the_file_is_there(frames):
    key, seen = "ab" * 32, []
    frames.keep(
        key, pixels(0), {}, lambda: seen.append((key in frames.store, threading.get_ident()))
    )
    frames.settle()
    assert [there for there, _ in seen] == [True]
    assert seen[0][1] != threading.get_ident()


def test_what_cannot_be_written_is_an_error_of_the_next(frames, tmp_path):
    tmp_path.joinpath("painted").mkdir()
    tmp_path.joinpath("painted/ab").write_text("no folder")
    done = []
    frames.keep("ab" * 32, pixels(0), {}, lambda: done.append(0))
    with pytest.raises(OSError):
        frames.keep("cd" * 32, pixels(1), {}, lambda: done.append(1))
    assert not done
