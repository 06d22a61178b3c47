"""The names of all files that a run makes in the project's folder.

The name of an intermediate file holds a digest of everything the file depends on, so a file that
exists is right, whatever other configs were run in between. Films and reports have names without a
digest; their certificates (gramflow/store/records.py) tell by what they were made.
"""

from functools import cache, cached_property
from pathlib import Path

from gramflow import bundled
from gramflow.film.keys import digest, plan_recipe, replaced
from gramflow.film.layers import needed_layers
from gramflow.settings.config import Config, Render, is_stored, video_files

CAPTURE = "work/{video}/capture.{digest}.mkv"
PROBE = "work/{video}/probe.{digest}.json"
MANIFEST = "work/{video}/manifest.{digest}.json"
WEIGHTS = "work/weights.{digest}.json"
PLAN = "work/renders/{render}/plan.{digest}.json"
TARGETS = "work/targets/{target}.npz"
RECORD = "work/renders/{render}/{part}.{claim}.json"
CERTIFICATE = "work/renders/{render}/{product}.json"
REQUEST = "work/again/{path}.{number}"
"""Asks for a file to be made again, which is there but not as it should be."""

CALIBRATION = "work/calibration.json"
FILM = "results/{render}.mp4"
LOSS_PLOT = "results/{render}.loss.png"
TEMPORAL = "results/{render}.temporal.json"
TEMPORAL_PLOT = "results/{render}.temporal.png"

FORMER_MANIFEST = "work/{video}/manifest.json"
"""By gramflow before engine 10, which put no digests into names."""

DIGITS = 16
"""Of a digest in a file's name."""


class Layout:
    """Where the files of a config's project are, relative to its folder, the current one.

    Of the folder only videos, weights and pictures of styles are looked at.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.probe = cache(self._probe)
        self.manifest = cache(self._manifest)
        self.plan = cache(self._plan)
        self._stamp = cache(_stamp)

    def capture(self, video: str) -> str:
        """What is recorded of a camera or stream."""
        settings = self.config.videos[video]
        return CAPTURE.format(video=video, digest=_short([settings["path"], settings["seconds"]]))

    def _probe(self, video: str) -> str:
        """The facts of a video's file."""
        settings = self.config.videos[video]
        made_of = [settings["path"], settings["fps"], self.stamps(video)]
        return PROBE.format(video=video, digest=_short(made_of))

    def _manifest(self, video: str) -> str:
        """The list of a video's frames."""
        made_of = [self.config.videos[video], self.stamps(video)]
        return MANIFEST.format(video=video, digest=_short(made_of))

    @cached_property
    def weights(self) -> str:
        """What the network's weights turned out to be."""
        config = self.config
        made_of = [
            config.weights,
            config.network,
            [self._stamp(file) for file in self.weights_files],
            # whether the bundled network can stand in
            needed_layers(config) if config.weights == "auto" else [],
            bundled.identity() if config.weights in ("auto", "bundled") else "",
        ]
        return WEIGHTS.format(digest=_short(made_of))

    @property
    def weights_files(self) -> list[str]:
        """The file of weights that the config names, if it names one."""
        name = self.config.weights
        return [name] if Path(name).is_file() else []

    def _plan(self, render: Render) -> str:
        """What each job of a render paints."""
        made_of = [
            self.manifest(render.video),
            self.weights,
            plan_recipe(self.config, render),
        ]
        return PLAN.format(render=render.name, digest=_short(made_of))

    def stamps(self, video: str) -> list[object]:
        """What changes when one of a video's files is replaced.

        Size and time of a file; the address of an object in a store, whose time Snakemake compares.
        """
        files = video_files(self.config.videos[video])
        return [file if is_stored(file) else self._stamp(file) for file in files]


def _stamp(file: str) -> object:
    """Size and time; also an older file by the same name is another one."""
    status = Path(file).stat()
    return status.st_size, status.st_mtime_ns


def record(render: str, part: str, claim: str) -> str:
    """The record of a painted part."""
    return RECORD.format(render=render, part=part, claim=claim[:DIGITS])


def digest_in(name: str) -> str:
    """The digest in a file's name."""
    return name.split(".")[-2]


def check_unchanged(expected: str, path: str, entry: str) -> None:
    """Raise GramflowError when a file's name is not what it would be by the inputs of now.

    path: the file's; its folder may be a local copy of an object store.
    """
    if Path(expected).name != Path(path).name:
        raise replaced(entry)


def _short(value: object) -> str:
    return digest(value)[:DIGITS]
