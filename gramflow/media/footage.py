"""Reads the films and pictures that masks are made from, and checks that they fit the video."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import islice, repeat
from pathlib import Path

from gramflow.base.errors import GramflowError, concerning
from gramflow.base.progress import Say
from gramflow.engine.masks import Values
from gramflow.film.manifest import Manifest
from gramflow.media.extract import frames_of
from gramflow.media.pictures import from_pixels, is_picture, read_pixels
from gramflow.media.probe import Probe, probe
from gramflow.media.source import Source
from gramflow.settings.videos import is_glob, video_files


def read_fitting(path: str, manifest: Manifest, facts: Probe, entry: str) -> Values:
    """Read a picture of a video's aspect, of any size, with its alpha channel.

    facts: the video's. entry: of the config, for errors. Raises GramflowError for a file that is no
    picture, and for one of another aspect.
    """
    with concerning(entry):
        pixels = read_pixels(Path(path), alpha=True)
    _check_aspect(path, pixels.shape[1::-1], manifest, facts, entry)
    return from_pixels(pixels)


class Along(Iterable[Values]):
    """One picture for each frame of a video, from a film, a picture sequence or a single picture.

    path: the film, the picture, or a pattern. facts: the video's. entry: of the config, for errors.
    Iterating raises GramflowError when the pictures do not fit the video, and like `extract`.
    """

    def __init__(self, path: str, manifest: Manifest, facts: Probe, entry: str, say: Say) -> None:
        self._path = path
        self._manifest = manifest
        self._facts = facts
        self._entry = entry
        self._say = say

    def __iter__(self) -> Iterator[Values]:
        if not is_glob(self._path) and is_picture(Path(self._path)):
            picture = read_fitting(self._path, self._manifest, self._facts, self._entry)
            return repeat(picture, len(self._manifest.frames))
        return self._moving()

    def _moving(self) -> Iterator[Values]:
        """Decode the film or the sequence, and leave out what the video leaves out at its start."""
        files = tuple(map(Path, video_files({"path": self._path})))
        source = Source(
            entry=self._entry,
            path=Path(self._path),
            files=files if is_glob(self._path) else None,
            fps=Fraction(1),
        )
        found = probe(source)
        _check_aspect(self._path, found.upright, self._manifest, self._facts, self._entry)
        skipped, count = self._skipped(found.frames), len(self._manifest.frames)
        with closing(frames_of(source, found, self._say, alpha=True)) as pictures:
            for _, pixels in islice(pictures, skipped, skipped + count):
                yield from_pixels(pixels)

    def _skipped(self, count: int) -> int:
        """How many of the pictures come before the video's used part. count: of all of them.

        Raises GramflowError unless there are as many as frames in the used part, or in the whole
        video.
        """
        if count == len(self._manifest.frames):
            return 0
        if count != self._facts.frames or self._facts.variable:
            raise self._miscounted(count)
        unit, first = (
            Fraction(self._facts.time_base),
            self._manifest.seconds(self._manifest.times[0]),
        )
        return round((first - self._facts.first * unit) * Fraction(self._facts.average_rate))

    def _miscounted(self, count: int) -> GramflowError:
        used, whole = len(self._manifest.frames), self._facts.frames
        wanted = f"{used}" if used == whole else f"{used} in its used part, {whole} in all"
        advice = "one for each of the used part" if self._facts.variable else "one for each"
        return GramflowError(
            f"{self._entry}: {self._path} has {count} pictures, but the video's frames are "
            f"{wanted}; give {advice}, or a single picture that holds for all"
        )


def _check_aspect(
    path: str, size: tuple[int, int], manifest: Manifest, facts: Probe, entry: str
) -> None:
    """Raise GramflowError unless a picture has the aspect of a video's frames or of its file.

    size: the picture's width and height in pixels.
    """
    width, height = facts.upright
    stored = manifest.width, manifest.height
    shown = round(width * facts.upright_aspect), height
    if not any(_is_alike(size, other) for other in (stored, (width, height), shown)):
        raise GramflowError(
            f"{entry}: {path} has {size[0]}x{size[1]} pixels, which is another aspect than the "
            f"video's; give one of {stored[0]}x{stored[1]} or {width}x{height}"
        )


def _is_alike(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes have the same aspect, as far as whole, and even, pixels can have it."""
    small, large = sorted((size, other))
    return abs(large[0] * small[1] / large[1] - small[0]) <= _ROUNDED or (
        abs(large[1] * small[0] / large[0] - small[1]) <= _ROUNDED
    )


_ROUNDED = 1.0  # pixels that a side deviates by when it is rounded to an even number
