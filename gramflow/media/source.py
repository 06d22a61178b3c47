"""Where a video comes from: a film, a picture sequence, or a recording of `capture`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from gramflow.base.errors import GramflowError
from gramflow.media.light import View


@dataclass(frozen=True)
class Source:
    """One video of the config.

    entry: how errors name it, such as "videos.room.path".
    path: the film, or the pattern of a picture sequence.
    files: the pictures in their natural order; None for a film.
    fps: pictures per second of a sequence; None for a film.
    start, end: the part to use, in seconds from the film's start; None: from its beginning, to its
        end.
    cuts: auto, off, or the cuts in seconds from the film's start.
    cut_threshold: see ShotFinder.
    alpha: whether colours are taken as stored instead of on white, for films with alpha.
    colours: "bt709", to which HDR and wide gamut are converted; None keeps them.
    deinterlace: of all frames, of none, or, if None, of those that say that they are interlaced.
    view: how scene light is seen where it is converted.
    width, height, scale: the reduced size to store, in pixels or as a factor; None keeps the size.
    """

    entry: str
    path: Path
    files: tuple[Path, ...] | None = None
    fps: Fraction | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    width: int | None = None
    height: int | None = None
    scale: Fraction | None = None
    cuts: str | Sequence[Fraction] = "auto"
    cut_threshold: float = 3.0
    alpha: bool = False
    colours: str | None = None
    deinterlace: bool | None = None
    view: View = field(default_factory=View)

    @classmethod
    def from_config(cls, name: str, video: Mapping[str, Any], files: Sequence[str]) -> "Source":
        """The source of the config's video `name`.

        files: the film, the recording of a camera, or, where `fps` is given, the pictures of a
            sequence.
        """
        given = {key: value for key, value in video.items() if value is not None}
        is_sequence = "fps" in given
        cuts = given.get("cuts", "auto")
        return cls(
            entry=f"videos.{name}.path",
            path=Path(given["path"] if is_sequence else files[0]),
            files=tuple(map(Path, files)) if is_sequence else None,
            width=given.get("width"),
            height=given.get("height"),
            cuts=cuts if isinstance(cuts, str) else [_exact(cut) for cut in cuts],
            cut_threshold=given.get("cut_threshold", 3.0),
            alpha=given.get("alpha", False),
            colours=given.get("colours"),
            deinterlace=given.get("deinterlace"),
            view=View(given.get("exposure", 0.0), given.get("highlights", "roll")),
            **{key: _exact(given[key]) for key in ("fps", "start", "end", "scale") if key in given},
        )

    @property
    def name(self) -> str:
        """The config entry of the whole video, such as "videos.room"."""
        return self.entry.removesuffix(".path")

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height to store for an upright film of `width` x `height` pixels.

        A side that follows from the aspect ratio is rounded to an even number, as encoders require.
        Raises GramflowError when the config asks for more pixels than the film has.
        """
        if self.scale and self.scale != 1:
            wanted = _even(width * self.scale), _even(height * self.scale)
        elif self.width and self.height:
            wanted = self.width, self.height
        elif self.width and self.width != width:
            wanted = self.width, _even(Fraction(height * self.width, width))
        elif self.height and self.height != height:
            wanted = _even(Fraction(width * self.height, height)), self.height
        else:
            wanted = width, height
        if wanted[0] > width or wanted[1] > height:
            raise GramflowError(
                f"{self.name}: width, height or scale ask for {wanted[0]}x{wanted[1]}, but the "
                f"film has {width}x{height}; they only reduce, so give less or leave them out"
            )
        return wanted


def _exact(value: Any) -> Fraction:
    """A number of the config, or a text such as "30000/1001", as an exact fraction: 0.1 is 1/10."""
    return Fraction(str(value))


def _even(value: Fraction) -> int:
    """The nearest even number, at least 2."""
    return max(2, 2 * round(value / 2))
