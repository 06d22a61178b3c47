"""Sends a film through the stages that read and write media, as the workflow's scripts do."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gramflow.base.errors import GramflowError
from gramflow.film.manifest import Manifest
from gramflow.media.encode import encode
from gramflow.media.extract import extract
from gramflow.media.probe import Probe, probe
from gramflow.media.source import Source
from gramflow.settings.config import load
from gramflow.settings.videos import video_files
from gramflow.store.frames import FrameStore
from tests.inputs.table import RIGHT
from tests.support.media import SETTINGS, deep_frames, pictures


@dataclass
class Passage:
    """What became of a video.

    line: why it was refused, or "". said: lines that the stages printed. probe, manifest, film:
    what they made, None where they did not come so far.
    """

    line: str = ""
    said: list[str] = field(default_factory=list)
    probe: Probe | None = None
    manifest: Manifest | None = None
    film: Path | None = None

    @property
    def warnings(self) -> list[str]:
        """What was said that a user sees."""
        return [line.removeprefix("WARNING: ") for line in self.said if line.startswith("WARNING")]

    @property
    def outcome(self) -> str:
        """As the table has it."""
        return self.line or ": ".join([RIGHT, " / ".join(self.warnings)]).removesuffix(": ")


def furnish(folder: Path) -> None:
    """Write what the cases need beside a film: a picture, subtitles, metadata."""
    pictures(folder, 1)[0].rename(folder / "night.png")
    lines = "1\n00:00:00,050 --> 00:00:00,150\nHello <i>you</i>\n"
    (folder / "a.srt").write_text(lines)
    (folder / "empty.srt").touch()
    chapter = "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=200\n"
    (folder / "a.txt").write_text(f";FFMETADATA1\ntitle=A film\n{chapter}")


def passed(path: str, name: str = "film", **video: Any) -> Passage:
    """Check a video's entry, probe it, extract it, and encode its frames, in the current folder.

    path: of the film, relative. The folder has a picture night.png. Only a GramflowError of the
    stages before painting becomes the passage's line: one of encoding would come after hours.
    """
    found = Passage()
    store, styles = FrameStore(Path("store/frames")), {"night": {"images": ["night.png"]}}
    try:
        videos = load({"videos": {name: {"path": path, **video}}, "styles": styles}).videos
        source = Source.from_config(name, videos[name], video_files(videos[name]))
        found.probe = probe(source)
        found.manifest = extract(source, found.probe, store, found.said.append)
    except GramflowError as error:
        found.line = str(error)
        return found
    keys, found.film = found.manifest.frames, Path("results", f"{name}.mp4")
    frames = deep_frames(store, keys, Path("store/painted"))
    made = (found.manifest, found.probe, source)
    size = found.manifest.width, found.manifest.height
    pixel_format = "yuv444p" if any(side % 2 for side in size) else "yuv420p"
    settings = {**SETTINGS, "pixel_format": pixel_format}
    encode(*made, frames, keys, found.film, settings, found.said.append)
    return found
