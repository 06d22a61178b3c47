"""The step of its own that a stylizer may have before its first frame is painted."""

from functools import partial
from pathlib import Path

import numpy as np

from gramflow.base.errors import GramflowError
from gramflow.base.progress import Say
from gramflow.engine.backend import prepare
from gramflow.engine.stylizers import Arrays, Checkpoint, Stylizer
from gramflow.painting import gpus
from gramflow.painting.inputs import Inputs, Opened
from gramflow.settings.config import Config
from gramflow.settings.renders import Render
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
        learnt = trained(stylizer, begun, opened.plan.trained, partial(_titled, render.name, say))
        save_arrays(output, learnt)
    begun.unlink(missing_ok=True)


def trained(stylizer: Stylizer, begun: Path, purpose: str, say: Say) -> Arrays:
    """Let a stylizer learn, from where a killed process has stopped.

    begun: the file that keeps what is learnt so far. purpose: names all that it is learnt from; a
    file of another purpose, or a damaged one, is not used. Raises GramflowError like `train`.
    """
    if stylizer.train is None:
        raise ValueError(f"{stylizer} has nothing to learn")
    mark = {_PURPOSE: np.array(purpose)}

    def keep(arrays: Arrays) -> None:
        save_arrays(begun, {**arrays, **mark})

    found: Arrays = {}
    if begun.is_file():
        try:
            found = load_arrays(begun)
        except GramflowError:
            say(f"{begun}: damaged; training begins again")
    if str(found.get(_PURPOSE)) != purpose:
        found = {}
    learnt: Arrays = stylizer.train(say, Checkpoint(found, keep))
    return learnt


def _titled(title: str, say: Say, line: str) -> None:
    say(f"{title}: {line}")


_PURPOSE = "purpose"  # an array's name in the file of a checkpoint
