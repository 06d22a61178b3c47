"""What the plugin writes to a terminal, narrow or wide, and to a file."""

import io

import pytest

from snakemake_logger_plugin_gramflow.run import Bar, line
from snakemake_logger_plugin_gramflow.screen import Screen

BAR = Bar("a [b].night", 0.5, "12 of 24 frames, 1:10 min left, 4.2 s a frame, loss 5.123")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    return Terminal()


def test_a_narrow_terminal_cuts_visibly_and_no_name(terminal):
    screen = Screen(terminal, colour=False)
    screen.show([BAR])
    shown = terminal.getvalue()
    assert "a [b].night" in shown and "12 of 24 frames, " in shown and "\u2026" in shown
    assert "loss" not in shown
    screen.clear()


def test_lines_that_stay_are_whole(terminal):
    long = "logs/" + "x" * 200
    screen = Screen(terminal, colour=False)
    screen.show([BAR])
    screen.write([line(long)])
    screen.clear()
    assert long in terminal.getvalue()


def test_a_file_gets_lines_without_bars_and_codes(monkeypatch):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    file = io.StringIO()
    screen = Screen(file)
    screen.show([BAR])
    screen.write([line("ERROR: [b] :smile: 1", "red")])
    assert file.getvalue() == "ERROR: [b] :smile: 1\n"
