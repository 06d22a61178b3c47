"""The step of its own that a stylizer may have before its first frame is painted."""

from contextlib import suppress
from functools import partial
from pathlib import Path

from gramflow.base.errors import GramflowError
from gramflow.base.progress import Say
from gramflow.engine.backend import prepare
from gramflow.engine.stylizers import Arrays, Checkpoint
from gramflow.painting import gpus
from gramflow.painting.inputs import Inputs, Opened
from gramflow.settings.config import Config, Render
from gramflow.store.arrays import load_arrays, save_arrays


def train_job(
    config: Config,
    render: Render,
    files: Inputs,
    output: Path,
    begun: Path,
    threads: int,
    say: Say,
) -> None:
    """Let a render's stylizer learn (see `Stylizer.train`), and save what it returns.

    output: the .npz file. begun: the file with what a killed job has learnt; removed at the end.
    threads: CPU threads. say: prints a line of progress. Raises GramflowError like `Opened`.
    """
    opened = Opened(config, render, files)
    with gpus.lent(say):
        say(f"{render.name}: training on {prepare(threads)}")
        stylizer = opened.stylizer()
        if stylizer.train is None:
            raise ValueError(f"{stylizer} has nothing to learn")
        checkpoint = Checkpoint(_begun(begun, say), partial(save_arrays, begun))
        save_arrays(output, stylizer.train(lambda line: say(f"{render.name}: {line}"), checkpoint))
    begun.unlink(missing_ok=True)


def _begun(path: Path, say: Say) -> Arrays:
    """What a killed job has learnt; nothing if there is none, or its file is damaged."""
    with suppress(FileNotFoundError):
        try:
            return load_arrays(path)
        except GramflowError:
            say(f"{path}: damaged; training begins again")
    return {}
