"""The step of its own that a stylizer may have before its first frame is painted."""

from pathlib import Path

from gramflow.base.progress import Say
from gramflow.engine.backend import prepare
from gramflow.painting import gpus
from gramflow.painting.inputs import Inputs, Opened
from gramflow.settings.config import Config, Render
from gramflow.store.arrays import save_arrays


def train_job(
    config: Config, render: Render, files: Inputs, output: Path, threads: int, say: Say
) -> None:
    """Let a render's stylizer learn (see `Stylizer.train`), and save what it returns.

    output: the .npz file. threads: CPU threads. say: prints a line of progress.
    Raises GramflowError like `Opened`.
    """
    opened = Opened(config, render, files)
    with gpus.lent(say):
        say(f"{render.name}: training on {prepare(threads)}")
        stylizer = opened.stylizer()
        if stylizer.train is None:
            raise ValueError(f"{stylizer} has nothing to learn")
        save_arrays(output, stylizer.train(say))
