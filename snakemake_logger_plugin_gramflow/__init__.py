"""Logger plugin of Snakemake: shows a run as a few lines that people read.

Snakemake finds the plugin by this package's name (`--logger gramflow`), and imports it in every
workflow of the Python that has it. So nothing else is imported before it is used.
"""

from dataclasses import dataclass, field
from logging import Handler, LogRecord
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Settings of the plugin. full: show all that Snakemake and the jobs print."""

    full: bool = field(
        default=False,
        metadata={
            "help": "Show everything that Snakemake and the jobs print, as without this logger. "
            "It is in the log file in any case.",
            "required": False,
        },
    )


class LogHandler(LogHandlerBase):
    """Writes few lines to the terminal, and what the jobs print to Snakemake's log file."""

    view: Handler

    def __post_init__(self) -> None:
        """Choose what is shown; Snakemake's options for more details win."""
        chosen, common = self.settings, self.common_settings
        full = isinstance(chosen, LogHandlerSettings) and chosen.full
        if full or common.verbose or common.debug_dag or common.printshellcmds:
            self.view = _snakemakes_own(common)
        else:
            from snakemake_logger_plugin_gramflow.quiet import QuietHandler

            self.view = QuietHandler(common)

    def emit(self, record: LogRecord) -> None:
        """Show a record, or not."""
        self.view.handle(record)

    def close(self) -> None:
        """Show how the run ended. May be called more than once."""
        self.view.close()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """In place of Snakemake's own handler for the terminal."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake's own log file is written all the same."""
        return False

    @property
    def has_filter(self) -> bool:
        """All records come."""
        return True

    @property
    def has_formatter(self) -> bool:
        """The records are not formatted by Snakemake."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """The graph of rules is not shown."""
        return False


def _snakemakes_own(common: Any) -> Handler:
    """Snakemake's handler for the terminal, as it is without any plugin."""
    import sys

    from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

    return ColorizingTextHandler(
        nocolor=common.nocolor,
        stream=sys.stdout if common.stdout else sys.stderr,
        formatter=DefaultFormatter(common.quiet, common.show_failed_logs),
        filter=DefaultFilter(
            common.quiet, common.debug_dag, common.verbose, common.dryrun, common.printshellcmds
        ),
    )
