"""List every plugin that a config can name, with its settings."""

import argparse
import inspect
from pathlib import Path

from rich.table import Table

from gramflow.commands import options
from gramflow.settings.plugins import KINDS


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)


def run(configfile: Path) -> None:
    """Print one table for each kind of plugin."""
    config = options.load_config(configfile)
    for kind in KINDS:
        table = Table("name", "setting", "default", "meaning", title=kind, title_justify="left")
        for plugin in config.registry.all(kind):
            summary = (inspect.getdoc(plugin.cls) or "").partition("\n")[0]
            table.add_row(plugin.name, "", "", summary)
            for name, schema in plugin.schema["properties"].items():
                default, meaning = str(schema.get("default", "")), schema.get("description", "")
                table.add_row("", name, default, meaning)
        options.print_table(table)
