"""Reads the config's schema, the presets, and config files, with errors that say where in them."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gramflow.base.errors import GramflowError
from gramflow.settings.schema import Values


@cache
def schema() -> Values:
    """The JSON schema of the config, without the settings of plugins."""
    return _read_yaml("schemas/config.schema.yaml")


@cache
def presets() -> Values:
    """The looks of presets.yaml, by preset name."""
    return _read_yaml("presets.yaml")


def _read_yaml(name: str) -> Values:
    # the loader on libyaml is ten times faster, but PyYAML may be built without it
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return yaml.load(text, loader)


def read_config(path: Path) -> dict[str, Any]:
    """The entries of a config file.

    Raises GramflowError, with line and column, for a file that is not YAML, and for one that cannot
    be read or holds no entries.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GramflowError(f"{path}: cannot be read ({error.strerror}); allow it") from error
    except UnicodeDecodeError as error:
        raise GramflowError(f"{path}: is not text in UTF-8; save it as such") from error
    except yaml.YAMLError as error:
        raise GramflowError(f"{path}{_place(error)}; correct it") from error
    if not isinstance(values, dict):
        raise GramflowError(f"{path}: holds no entries; see docs/config.md")
    return values


def _place(error: yaml.YAMLError) -> str:
    """Line and column of an error, and what is wrong there."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f": is not YAML ({' '.join(str(error).split())})"
    problem = getattr(error, "problem", "")
    return f", line {mark.line + 1}, column {mark.column + 1}: is not YAML ({problem})"
