"""Writes docs/commands.md from the parser: `python -m gramflow.commands.docs`."""

import argparse

from gramflow.commands.main import COMMANDS, parser

_HEAD = """# The command `gramflow`
All subcommands and their arguments, as `gramflow COMMAND --help` tells them, too. Commands that
read a project take its `config.yaml` from the current folder. The exit status is 0; 1 where the
output tells that something is wrong; 2 where nothing was done, with the reason in one line.

*This page is made from the code by `make docs`.*
"""


def page() -> str:
    """The page as Markdown."""
    commands = next(
        action
        for action in parser()._actions  # argparse gives them by no public name
        if isinstance(action, argparse._SubParsersAction)
    )
    return _HEAD + "".join(_section(name, commands.choices[name]) for name in COMMANDS)


def _section(name: str, command: argparse.ArgumentParser) -> str:
    lines = ["", f"## gramflow {name}", (command.description or "").strip(), ""]
    for action in command._actions:
        if not isinstance(action, argparse._HelpAction):
            meaning = (action.help or "") % vars(action)
            lines.append(f"- `{_written(action)}`" + (f": {meaning}" if meaning else ""))
    return "\n".join(lines) + "\n"


def _written(action: argparse.Action) -> str:
    """How an argument is written: CONTENT, STYLE ..., -o OUTPUT, --watch."""
    word = str(action.metavar or action.dest.upper())
    if action.choices:
        word = "|".join(map(str, action.choices))
    values = "" if action.nargs == 0 else f"{word}{' ...' if action.nargs in ('+', '*') else ''}"
    return " ".join([", ".join(action.option_strings), values]).strip()


if __name__ == "__main__":
    print(page(), end="")
