"""Films that are unusual or wrong: they come out right, or are refused before painting."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gramflow.media.ffmpeg import local
from gramflow.media.probe import Track
from tests.inputs.films import FILMS, SOUNDS, Film
from tests.inputs.stages import Passage, furnish, passed
from tests.inputs.table import Tell
from tests.support.media import decoded, make, times
from tests.support.tiny import wait_for

CASES = [("Films", film) for film in FILMS] + [("Sound", film) for film in SOUNDS]


@pytest.mark.parametrize(("part", "film"), CASES, ids=[film.case for _, film in CASES])
def test_a_film(
    part: str, film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path)
    name = film.make()
    found = passed(name, **film.entries)
    if film.refused:
        check_refused(found, film.refused)
    else:
        assert found.line == ""
        assert bool(found.warnings) == bool(film.said), found.warnings
        assert all(film.said in warning for warning in found.warnings)
        check_right(found, name)
    tell(part, film.case, found.outcome)


def check_refused(found: Passage, part: str = "") -> None:
    """One line that names the entry, and nothing half-written."""
    assert part in found.line
    assert found.line.startswith("videos.film")
    assert len(found.line.splitlines()) == 1
    check_clean()


def check_clean() -> None:
    """No temporary files, once the threads that write frames have ended as at a job's end."""
    wait_for(lambda: not [path for path in Path().rglob(".*") if path.is_file()], seconds=20)


def check_right(found: Passage, name: str) -> None:
    """The film has the source's frames at their times, its sound tracks, and its colours."""
    assert found.film and found.manifest and found.probe
    check_clean()
    count = len(found.manifest.frames)
    shown = times(found.film)
    assert count == len(shown) == len(set(shown)) == len(decoded(found.film))
    first = found.manifest.seconds(found.manifest.times[0])
    wanted = [found.manifest.seconds(time) - first for time in found.manifest.times]
    assert all(
        abs((time - shown[0]) - other) < Fraction(1, 500)
        for time, other in zip(shown, wanted, strict=True)
    )
    with av.open(local(found.film)) as film:
        sounds = len(film.streams.audio)
    assert sounds == len([track for track in found.probe.audio if _is_known(track)])
    difference = np.abs(_first_by_ffmpeg(name) - decoded(found.film)[0].astype(float))
    assert difference.mean() < 12 or difference.size < 100  # a pixel has its neighbours' colour


def _is_known(track: Track) -> bool:
    return track.codec != "unknown"


def _first_by_ffmpeg(name: str) -> np.ndarray:
    """A film's first frame as ffmpeg shows it, without any of gramflow's own code."""
    make(
        "-copyts",
        "-i",
        f"file:{name}",
        "-map",
        "0:V:0",
        "-frames:v",
        "1",
        "-pix_fmt",
        "rgb24",
        "first.ppm",
    )
    with av.open("first.ppm") as picture:
        return next(picture.decode(video=0)).to_ndarray(format="rgb24").astype(float)
