"""Names of all files that a run makes in the project's folder.

The name of an intermediate file contains a digest of everything that the file depends on. So an
existing file is up to date, whatever other configs were run in between. Products (films, plots,
reports) have names without a digest; their certificates (gramflow/store/records.py) state what they
were made from.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION, bundled
from gramflow.film.digests import DIGITS, content_digest, replaced, short_digest
from gramflow.film.layers import needed_layers, unlisted
from gramflow.film.recipes import plan_recipe
from gramflow.settings.config import Config, marked_of_mask
from gramflow.settings.encoding import container_of
from gramflow.settings.reading import schema
from gramflow.settings.renders import Render
from gramflow.settings.videos import is_stored, video_files

CAPTURE = "work/{video}/capture.{digest}.mkv"
PROBE = "work/{video}/probe.{digest}.json"
MANIFEST = "work/{video}/manifest.{digest}.json"
MASK = "work/{video}/mask.{mask}.{digest}.json"
WEIGHTS = "work/weights.{digest}.json"
PLAN = "work/renders/{render}/plan.{digest}.json"
TARGETS = "work/targets/{target}.npz"
TRAINED = "work/renders/{render}/trained.{digest}.npz"
CHECKPOINT = "training/{digest}.npz"
"""What the job that makes `TRAINED` has learnt so far; removed when it is done. It lies below the
store, which all machines share, since the job's folder may be gone with its machine."""

RECORD = "work/renders/{render}/{part}.{claim}.json"
CERTIFICATE = "work/renders/{render}/{product}.json"
REQUEST = "work/again/{path}.{number}"
"""Request file: makes Snakemake make an existing but wrong file again (rules/requests.smk)."""

CALIBRATION = "work/calibration.json"
FILM = "results/{{render}}.{container}"
"""Pattern of the films of a container, which may be a folder; see `film_pattern`."""

LOSS_PLOT = "results/{render}.loss.png"
LOSS_TABLE = "results/{render}.loss.csv"
TEMPORAL = "results/{render}.temporal.json"
TEMPORAL_PLOT = "results/{render}.temporal.png"
SHEET = "results/{render}.sheet.jpg"
INDEX = "results/index.html"
INDEX_COPY = "work/index.{digest}.html"
"""Copy of the page, whose name says for which renders: a run of other ones replaces the page."""

PAGE = "results/page/{render}.js"
"""What the page tells of a finished render, as a script, since a page that is opened as a file may
load scripts only."""

PAGE_SOURCE = "results/page/{render}.source.mp4"
"""The video's frames as they were painted from: same size and times as the film, without sound."""

PAGE_FILM = "results/page/{render}.film.mp4"
"""Copy of a film that browsers cannot play, in a format that they can."""

PAGE_PICTURE = "results/page/{render}.jpg"
PAGE_LIVE = "results/page/{render}.live.js"
"""How far a render is, and its newest frame; written while it is painted, then removed."""

FORMER_MANIFEST = "work/{video}/manifest.json"
"""Manifest of engine versions before 10, whose file names had no digest."""

VERSION = 1
"""Raise when changed code makes other files of the same inputs: probes, manifests, reports.

For changed pixels there is `gramflow.ENGINE_VERSION`.
"""


_LATER = ("alpha", "colours", "deinterlace", "exposure", "highlights")
"""Entries of a video that came later; at their defaults no name of an existing file changes."""


class Layout:
    """Paths of a project's files, relative to the project's folder.

    The project's folder must be the current one. Only input files are accessed there: videos,
    weights, styles' pictures, and files that plugin settings name.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.film = film_pattern(config.encode)
        self.probe = cache(self._probe)
        self.manifest = cache(self._manifest)
        self.mask = cache(self._mask)
        self.plan = cache(self._plan)
        self._stamp = cache(_stamp)

    def capture(self, video: str) -> str:
        """Path of the recording of a camera or stream."""
        settings = self.config.videos[video]
        return CAPTURE.format(video=video, digest=_short([settings["path"], settings["seconds"]]))

    def _probe(self, video: str) -> str:
        """Path of the facts that `probe` finds about a video."""
        settings = self.config.videos[video]
        made_of = [settings["path"], settings["fps"], self.stamps(video)]
        return PROBE.format(video=video, digest=_short(made_of))

    def _manifest(self, video: str) -> str:
        """Path of a video's manifest."""
        settings = self.config.videos[video]
        usual = schema()["properties"]["videos"]["additionalProperties"]["properties"]
        entry = {
            key: value
            for key, value in settings.items()
            if key != "masks" and not (key in _LATER and value == usual[key]["default"])
        }
        made_of = [entry, self.stamps(video)]
        return MANIFEST.format(video=video, digest=_short(made_of))

    def _mask(self, video: str, mask: str) -> str:
        """Path of the document that lists a mask's frames."""
        config = self.config
        settings = config.videos[video]["masks"][mask]
        files = [content_digest(path) for _, path in marked_of_mask(config, video, mask, "file")]
        made_of = [
            self.manifest(video),
            settings,
            files,
            [[file, self._stamp(file)] for file in self._frame_files(video, mask)],
            config.registry.find("masks", settings["name"]).origin,
            ENGINE_VERSION,
        ]
        return MASK.format(video=video, mask=mask, digest=_short(made_of))

    def mask_files(self, video: str, mask: str) -> list[str]:
        """Paths of all files that a mask is made from, beside the video's own."""
        named = [path for _, path in marked_of_mask(self.config, video, mask, "file")]
        return [*named, *self._frame_files(video, mask)]

    def _frame_files(self, video: str, mask: str) -> list[str]:
        """Paths of the films and pictures that are read along with the video's frames."""
        found = marked_of_mask(self.config, video, mask, "frames")
        return [file for _, path in found for file in video_files({"path": path})]

    @cached_property
    def weights(self) -> str:
        """Path of the file that tells which network and weights are used (see `Weights`)."""
        config = self.config
        made_of = [
            config.weights,
            config.network,
            [self._stamp(file) for file in self.weights_files],
            # `auto` may fall back to the bundled network only if it has these layers, and the
            # layers of some networks are checked when the weights are found
            needed_layers(config) if config.weights == "auto" or unlisted(config) else [],
            bundled.identity() if config.weights in ("auto", "bundled") else "",
        ]
        return WEIGHTS.format(digest=_short(made_of))

    @property
    def index(self) -> str:
        """Path of the copy of the page of this config's renders."""
        return INDEX_COPY.format(digest=_short(list(self.config.renders)))

    @property
    def weights_files(self) -> list[str]:
        """[path] if `weights` in the config is a file; else []."""
        name = self.config.weights
        return [name] if Path(name).is_file() else []

    def _plan(self, render: Render) -> str:
        """Path of a render's plan."""
        made_of = [
            self.manifest(render.video),
            self.weights,
            plan_recipe(self.config, render),
            *(self.mask(render.video, mask) for mask in self.config.masks_of(render)),
        ]
        return PLAN.format(render=render.name, digest=_short(made_of))

    def stamps(self, video: str) -> list[object]:
        """JSON values that change when one of a video's files is replaced.

        Name, size and modification time of each file. For an object in an object store only its
        address, since Snakemake compares the modification time itself.
        """
        files = video_files(self.config.videos[video])
        return [file if is_stored(file) else [file, self._stamp(file)] for file in files]


def film_pattern(encode: Mapping[str, Any]) -> str:
    """Pattern of the films of these `encode` settings, with the wildcard {render}."""
    return FILM.format(container=container_of(encode))


def mask_paths(config: Config) -> list[Path]:
    """Paths of the documents of all masks of a config's videos."""
    layout = Layout(config)
    return [
        Path(layout.mask(video, mask))
        for video, settings in config.videos.items()
        for mask in settings["masks"]
    ]


def _stamp(file: str) -> object:
    """Size in bytes and modification time in ns of a file.

    They are compared for equality, so that a replacement is noticed even if it is older.
    """
    status = Path(file).stat()
    return status.st_size, status.st_mtime_ns


def record(render: str, part: str, claim: str) -> str:
    """Path of the record of a painted part."""
    return RECORD.format(render=render, part=part, claim=claim[:DIGITS])


def digest_in(name: str) -> str:
    """Extract the digest from a file name."""
    return name.split(".")[-2]


@contextmanager
def unchanged(
    made: Callable[[Layout], str], config: Config, path: str, entry: str
) -> Iterator[None]:
    """Raise GramflowError if inputs were replaced since Snakemake determined a file's name.

    That is looked at before the block reads them, and after it: what is made of a film that is
    replaced meanwhile must not be kept under the first one's name.
    made: path of what is made, by the inputs as they are. path: path that Snakemake asked for; only
    the file names are compared, since `path` may be a local copy for an object store. entry: config
    entry of the inputs, for the error.
    """
    _check(made, config, path, entry)
    yield
    _check(made, config, path, entry)


def _check(made: Callable[[Layout], str], config: Config, path: str, entry: str) -> None:
    try:
        now = made(Layout(config))
    except FileNotFoundError as error:
        raise replaced(entry) from error
    if Path(now).name != Path(path).name:
        raise replaced(entry)


def _short(value: object) -> str:
    return short_digest([VERSION, value])
