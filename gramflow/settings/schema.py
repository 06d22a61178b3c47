"""Fits values to a JSON schema: fills in defaults, converts text, reports errors in one line."""

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from gramflow.base.errors import GramflowError, printable

Schema = Mapping[str, Any]
Values = dict[str, Any]
Entry = tuple[str | int, ...]
"""Path of a value in the config, such as ("styles", "night", "images", 0)."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def checked(value: Any, schema: Schema, entry: Entry = ()) -> Any:
    """Validate `value` against `schema`; return a copy with every default filled in.

    entry: path of the value in the config, for errors.
    Text is converted where another type is required ('5.0' from a command line), so that values of
    equal meaning become equal. An entry left empty counts as absent unless it may be null.
    Raises GramflowError, naming the entry, when the value does not fit.
    """
    fitted = _fit(value, schema)
    errors = sorted(_Validator(schema).iter_errors(fitted), key=_rank)
    if errors:
        raise _as_line(errors[0], entry)
    return fitted


def refused(entry: Entry, text: str) -> GramflowError:
    """The error for an entry of the config.

    text: what is wrong and what to do.
    """
    return GramflowError(f"{dotted(entry)}: {printable(text)}")


def dotted(entry: Entry) -> str:
    """Format an entry as a person would write it: styles.night.images[0]."""
    text = ""
    for part in entry:
        if isinstance(part, int) and not isinstance(part, bool):
            text += f"[{part}]"
        else:
            plain = isinstance(part, str) and NAME.fullmatch(part)
            text += ("." if text else "") + (str(part) if plain else shown(part))
    return text or "config"


def shown(value: Any) -> str:
    """Format a value on one line of at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]} ..."


def remedy(word: Any, known: Iterable[str]) -> str:
    """Suggest the closest of the known words, if one is close, and list all of them.

    Of more than `_MANY` only the three closest are named.
    """
    words = sorted(known)
    if len(words) > _MANY:
        near = get_close_matches(str(word), words, n=3, cutoff=0.3)
        return f"did you mean {' or '.join(near)}?" if near else f"there are {len(words)} others"
    close = get_close_matches(str(word), words, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    return f"{guess}known: {', '.join(words) or 'none'}"


def check_known(kind: str, name: str, known: Collection[str], entry: Entry) -> None:
    """Raise GramflowError for a name that is not among the known.

    kind: what is named, for the error.
    """
    if name not in known:
        raise refused(entry, f"there is no {kind} {name!r}; {remedy(name, known)}")


def seconds(time: float | str | None) -> float | None:
    """Convert a time to seconds; text is seconds, mm:ss or hh:mm:ss."""
    if not isinstance(time, str):
        return time
    found = 0.0
    for part in time.split(":"):
        found = found * 60 + float(part)
    return found


_MANY = 30  # known words that a line still lists


# -- fitting -----------------------------------------------------------------------------------


def _fit(value: Any, schema: Schema) -> Any:
    types = _types(schema)
    if value is None and "null" not in types:
        value = schema.get("default", {} if "object" in types else None)
    if isinstance(value, Mapping):
        return _fit_mapping(value, schema)
    if isinstance(value, list | tuple):
        return [_fit(item, schema.get("items", {})) for item in value]
    if isinstance(value, str):
        return _from_text(value, types)
    return _as_number(value, types)


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _fit_mapping(value: Mapping[Any, Any], schema: Schema) -> dict[Any, Any]:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties") or {}
    # YAML reads a bare 2024 as a number; used as a name it becomes text
    named = {str(key) if type(key) in (int, float) else key: item for key, item in value.items()}
    fitted = {key: _fit(item, properties.get(key, others)) for key, item in named.items()}
    for key, inner in properties.items():
        if key not in fitted and "default" in inner:
            fitted[key] = _fit(inner["default"], inner)
    return fitted


def _from_text(text: str, types: list[str]) -> Any:
    """Convert text to the first of the types that it can be parsed as; else keep it."""
    for name in types:
        try:
            return _READ[name](text)
        except (KeyError, ValueError):
            continue
    return text


def _word(words: Mapping[str, Any]) -> Callable[[str], Any]:
    return lambda text: words[text.strip().lower()]


_READ: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": _word({"true": True, "yes": True, "false": False, "no": False}),
    "null": _word({"null": None, "~": None}),
    "string": str,
}


def _as_number(value: Any, types: list[str]) -> Any:
    """Convert a number to the schema's type, since 300 and 300.0 mean the same."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and "number" in types and abs(value) <= sys.float_info.max:
        return float(value)
    if isinstance(value, float) and "integer" in types and value.is_integer():
        return int(value)
    return value


# -- checking ----------------------------------------------------------------------------------


def _finite(_: Any, value: Any) -> bool:
    # also refuses NaN, and integers beyond what a float holds
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max


def _whole_pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    # jsonschema's own check searches within the text, and "$" accepts a final line break
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError("pattern")


_Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={"pattern": _whole_pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("number", _finite),
)


def _rank(error: ValidationError) -> tuple[bool, list[str]]:
    """Sort key of errors: unknown keys first, as a misspelt key often explains a missing one."""
    return error.validator != "additionalProperties", [str(part) for part in error.absolute_path]


def _as_line(error: Any, entry: Entry) -> GramflowError:
    """Convert a validator's error to one line: the entry, what is wrong, what to give."""
    entry = (*entry, *error.absolute_path)
    rule, value = error.validator, error.instance
    if "propertyNames" in error.absolute_schema_path:
        return refused((*entry, value), _bad_name(value, error.schema))
    if rule == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(key for key in value if key not in known)
        return refused((*entry, str(unknown)), f"unknown key; {remedy(unknown, known)}")
    if rule == "required":
        missing = next(key for key in error.validator_value if key not in value)
        return refused((*entry, missing), f"missing; give {_wanted_of(error.schema, missing)}")
    if value is None or value in ("", [], {}):
        return refused(entry, f"empty; give {_wanted(error.schema)}")
    if rule == "enum":
        return refused(entry, f"{shown(value)} is unknown; {remedy(value, error.validator_value)}")
    return refused(entry, f"{shown(value)} does not fit; give {_wanted(error.schema)}")


def _bad_name(name: Any, schema: Schema) -> str:
    if "description" in schema:
        return f"does not fit; give {schema['description']}"
    if not isinstance(name, str):
        return f"YAML reads this name as {type(name).__name__}; write it in quotes"
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:40]
    example = f", such as {plain}" if plain else ""
    return (
        "it becomes part of file names; use at most 64 of A-Z, a-z, 0-9, '_' and '-', "
        f"starting with a letter or digit{example}"
    )


_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "null",
}


def _wanted(schema: Schema) -> str:
    """Describe in words what a schema accepts."""
    text = " or ".join(_WORDS[name] + _limits(schema, name) for name in _types(schema))
    if schema.get("examples"):
        text += f", such as {shown(schema['examples'][0])}"
    return text


def _limits(schema: Schema, name: str) -> str:
    words = _LIMITS.get(name, {})
    return "".join(f" {word} {schema[key]}" for key, word in words.items() if key in schema)


_RANGE = {"minimum": "of at least", "exclusiveMinimum": "greater than", "maximum": "and at most"}
_LIMITS = {
    "integer": _RANGE,
    "number": _RANGE,
    "array": {"minItems": "with a length of at least"},
    "object": {"minProperties": "with a length of at least"},
}


def _wanted_of(schema: Schema, key: str) -> str:
    """Describe what an object's schema accepts for a key, and the purpose of that key."""
    inner = schema.get("properties", {}).get(key, {})
    purpose = inner.get("description")
    return (_wanted(inner) or "it") + (f": {purpose}" if purpose else "")
