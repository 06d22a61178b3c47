"""Writes lines to the terminal; below them, where it is one, what is at work now."""

import io
import os
import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from snakemake_logger_plugin_gramflow.run import Bar, Line

_BAR = 16  # columns of a bar


class Screen:
    """A stream for lines. colour: whether it may have colours, if it is a terminal."""

    def __init__(self, stream: TextIO, colour: bool = True) -> None:
        self._console = Console(
            file=stream, no_color=not colour, highlight=False, markup=False, emoji=False
        )
        self.is_terminal = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live: Live | None = None
        self._shown: list[Bar] = []

    def write(self, lines: Iterable[Line]) -> None:
        """Write lines that stay. None is cut or broken."""
        for each in lines:
            self._console.print(Text.assemble(*each), soft_wrap=True)

    def show(self, bars: list[Bar]) -> None:
        """Show what is at work, in place of what was shown before; on a terminal only."""
        if not self.is_terminal or bars == self._shown:
            return
        self._shown = bars
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(_table(bars), refresh=True)

    def clear(self) -> None:
        """Take away what is shown, and leave the lines."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def _table(bars: list[Bar]) -> RenderableType:
    widest = max((len(bar.name) for bar in bars), default=0)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold", min_width=widest)
    table.add_column(no_wrap=True, width=_BAR)
    table.add_column()
    for bar in bars:
        told = Text(bar.text, no_wrap=True, overflow="ellipsis")
        table.add_row(Text(bar.name), _drawn(bar.share), told)
    return table


def _drawn(share: float | None) -> RenderableType:
    """A bar; nothing where the share is unknown."""
    if share is None:
        return ""
    return ProgressBar(
        total=1.0, completed=share, width=_BAR, complete_style="cyan", finished_style="green"
    )


class Diverted:
    """The process's error stream while jobs run: the terminal for us, a file for all others.

    Jobs inherit the error stream, and print their progress and what libraries warn of. That goes
    to the file, so that it neither floods the terminal nor is lost. A file, since a process whose
    reader is gone would be ended by a pipe.
    """

    def __init__(self) -> None:
        self._saved: int | None = None
        self.terminal: TextIO = sys.stderr
        try:
            number = sys.stderr.fileno()
        except (AttributeError, io.UnsupportedOperation):
            return  # as in a notebook
        self._number = number
        self._saved = os.dup(number)
        self.terminal = os.fdopen(
            os.dup(number), "w", buffering=1, encoding=sys.stderr.encoding, errors="replace"
        )

    def to(self, path: str) -> None:
        """Append what others write to a file."""
        if self._saved is not None:
            sys.stderr.flush()
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            os.dup2(file, self._number)
            os.close(file)

    def back(self) -> None:
        """Give the error stream back."""
        if self._saved is not None:
            sys.stderr.flush()
            os.dup2(self._saved, self._number)
            os.close(self._saved)
            self._saved = None
