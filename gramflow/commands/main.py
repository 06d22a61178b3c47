"""The command's entry point: finds the subcommand, runs it, and turns errors into one line."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from gramflow import __version__
from gramflow.base.errors import GramflowError, printable
from gramflow.commands import run as snakemake

COMMANDS = (
    "paint",
    "init",
    "run",
    "preview",
    "live",
    "train",
    "export-network",
    "plan",
    "status",
    "show",
    "export",
    "prune",
    "verify",
    "doctor",
    "plugins",
)
"""Subcommands, each a module of gramflow.commands, in the order in which a newcomer needs them."""

WRONG_USE = 2
"""Exit status for arguments or files that cannot be used; nothing has been written then."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status.

    0: done. 1: done, and something is wrong that the output tells. 2: refused. 130: interrupted.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["run"] and not {"-h", "--help"} & set(given):
        # argparse would take Snakemake's options for its own
        chosen: dict[str, Any] = {"run": snakemake.run, "options": given[1:]}
    else:
        chosen = vars(parser().parse_args(given))
    run: Callable[..., int | None] = chosen.pop("run")
    try:
        return run(**chosen) or 0
    except GramflowError as error:
        print(f"ERROR: {printable(str(error))}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def parser() -> argparse.ArgumentParser:
    """The parser of all subcommands. docs/commands.md is made from it."""
    whole = argparse.ArgumentParser(
        prog="gramflow", description="Paints pictures and films in the style of a picture."
    )
    whole.add_argument("--version", action="version", version=f"gramflow {__version__}")
    commands = whole.add_subparsers(required=True, metavar="command")
    for name in COMMANDS:
        module = import_module(f"gramflow.commands.{name.replace('-', '_')}")
        summary, _, details = (module.__doc__ or "").strip().partition("\n")
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary}\n{details}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(command)
        command.set_defaults(run=module.run)
    return whole
