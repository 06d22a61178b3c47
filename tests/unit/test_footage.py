"""Painted frames are written while the next one is painted."""

import threading

import numpy as np
import pytest

from gramflow.engine.flows import Still
from gramflow.media.pictures import from_pixels, to_pixels
from gramflow.paint.neighbours import Footage


@pytest.fixture
def footage(tmp_path):
    return Footage(tmp_path, ["00"], (640, 480), Still(Still.Settings()), kept=3)


def pixels(seed):
    return to_pixels(np.random.default_rng(seed).uniform(0, 1, (480, 640, 3)).astype(np.float32))


def test_a_picture_can_be_read_before_it_is_written(footage):
    written = []
    for seed in range(3):
        key = f"{seed:02x}" * 32
        footage.keep(key, pixels(seed), {"seed": seed}, lambda key=key: written.append(key))
        assert np.array_equal(footage.painting(key), from_pixels(pixels(seed)))
        assert len(written) >= seed  # at most one is on its way
    footage.settle()
    for seed, key in enumerate(written):
        assert np.array_equal(footage.painted.read(key), pixels(seed))
        assert footage.painted.note(key)["seed"] == seed
    assert len(written) == 3


def test_done_is_called_elsewhere_once_the_file_is_there(footage):
    key, seen = "ab" * 32, []
    footage.keep(
        key, pixels(0), {}, lambda: seen.append((key in footage.painted, threading.get_ident()))
    )
    footage.settle()
    assert [there for there, _ in seen] == [True]
    assert seen[0][1] != threading.get_ident()


def test_what_cannot_be_written_is_an_error_of_the_next(footage, tmp_path):
    tmp_path.joinpath("painted").mkdir()
    tmp_path.joinpath("painted/ab").write_text("no folder")
    done = []
    footage.keep("ab" * 32, pixels(0), {}, lambda: done.append(0))
    with pytest.raises(OSError):
        footage.keep("cd" * 32, pixels(1), {}, lambda: done.append(1))
    assert not done
