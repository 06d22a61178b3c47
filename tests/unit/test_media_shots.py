"""Cuts between shots: found, given, or not looked for."""

import numpy as np
import pytest

from gramflow.media.extract import extract
from gramflow.media.probe import probe
from gramflow.media.shots import ShotFinder
from gramflow.media.source import Source
from gramflow.store.frames import FrameStore
from tests.support import media


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """Twelve frames of one film, then nine of another one."""
    path = tmp_path_factory.mktemp("joined") / "joined.mkv"
    media.make(
        *["-f", "lavfi", "-i", "gradients=s=96x64:r=12:d=1:c0=red:c1=yellow:n=2:seed=3:speed=0.02"],
        *["-f", "lavfi", "-i", "mandelbrot=s=96x64:r=12:start_scale=0.5,trim=end_frame=9"],
        *["-filter_complex", "[0][1]concat", "-c:v", "ffv1", "-pix_fmt", "gbrp", str(path)],
    )
    return path


def shots_of(path, folder, **video):
    source = Source.from_config("joined", {"path": str(path), **video}, [str(path)])
    said = []
    manifest = extract(source, probe(source), FrameStore(folder), said.append)
    assert (len(manifest.shots) > 1) == any("shots" in line for line in said)
    return manifest.shots


def test_two_joined_films_have_one_cut(joined, tmp_path):
    assert shots_of(joined, tmp_path) == [0, 12]


def test_a_part_counts_from_its_own_start(joined, tmp_path):
    assert shots_of(joined, tmp_path, start=0.5) == [0, 6]


def test_cuts_off_and_by_hand(joined, tmp_path):
    assert shots_of(joined, tmp_path, cuts="off") == [0]
    assert shots_of(joined, tmp_path, cuts=[0.25, 1.0, 99]) == [0, 3, 12]
    assert shots_of(joined, tmp_path, cuts=[0.26], start=0.25) == [0, 1]
    assert shots_of(joined, tmp_path, cut_threshold=1e6) == [0]


def test_a_fade_through_black_is_cut_in_the_black():
    random = np.random.default_rng(0)
    one, two = random.integers(60, 255, (2, 48, 64, 3))
    light = [1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0, 0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 1]
    finder = ShotFinder(3.0)
    for number, share in enumerate(light):
        finder.add((share * (one if number < 12 else two)).astype(np.uint8))
    shots = finder.shots()
    assert len(shots) == 2 and 9 <= shots[1] <= 13


def test_sixteen_bits_are_cut_like_eight():
    random = np.random.default_rng(0)
    films = np.repeat(random.integers(0, 255, (2, 1, 4, 6, 3), np.uint8), 10, axis=1)
    frames = films.reshape(20, 4, 6, 3).repeat(12, 1).repeat(12, 2)
    shallow, deep = ShotFinder(3.0), ShotFinder(3.0)
    for frame in frames:
        shallow.add(frame)
        deep.add(frame.astype(np.uint16) << 8)
    assert shallow.shots() == deep.shots() == [0, 10]
