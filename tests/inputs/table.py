"""The table of cases: what a test run tells of each, and the page that is written of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

RIGHT = "right"
"""How a case ended that needs nothing of the user."""


@dataclass(frozen=True)
class Row:
    """One case of the table.

    part: heading under which it stands. case: what was given. outcome: RIGHT, RIGHT with what was
    said beside it, or the line that refuses it. count: how many inputs the row stands for.
    """

    part: str
    case: str
    outcome: str
    count: int = 1


Tell = Callable[..., None]
"""Called with part, case, outcome and, where a row stands for many inputs, `count`."""

PARTS = (
    "Config files",
    "Entries of the config",
    "Commands",
    "Films",
    "Sound",
    "Damaged files",
    "Picture sequences",
    "Pictures of a style",
    "Names",
    "Whole runs",
)
"""Headings of the page, in their order."""


def page(rows: Iterable[Row]) -> str:
    """The page docs/bad-input.md, as Markdown. Raises ValueError for a part not in PARTS."""
    unique: Mapping[tuple[str, str], Row] = {(row.part, row.case): row for row in rows}
    found = list(unique.values())
    if unknown := {row.part for row in found} - set(PARTS):
        raise ValueError(f"no such part: {unknown}")
    single = [row for row in found if row.count == 1]
    right = [row for row in single if row.outcome.startswith(RIGHT)]
    text = _OPENING.format(
        cases=len(found),
        inputs=sum(row.count for row in found),
        right=len(right),
        refused=len(single) - len(right),
        many=len(found) - len(single),
    )
    for part in PARTS:
        lines = [row for row in found if row.part == part]
        if lines:
            text += f"\n## {part}\n| case | what happens |\n| --- | --- |\n"
            text += "".join(f"| {_cell(row.case)} | {_outcome(row)} |\n" for row in lines)
    return text


def _outcome(row: Row) -> str:
    """A row's outcome; lines that a user sees stand in code."""
    if row.outcome == RIGHT or row.count > 1:
        return _cell(row.outcome)
    if row.outcome.startswith(RIGHT):
        return f"right, with `{_cell(row.outcome.removeprefix(RIGHT).lstrip(': '))}`"
    return f"`{_cell(row.outcome)}`"


def _cell(text: str) -> str:
    """Text for a cell of a table, in which a bar or a backtick would end it."""
    return text.replace("|", "\\|").replace("`", "'")


_OPENING = """\
# Bad and odd input
What gramflow does with input that is damaged, unusual or wrong: it paints it right, or says in one
line what is wrong and what to do, and leaves nothing half-written. The table has {cases} cases,
tried with {inputs} inputs: {right} end right, {refused} by a line, and {many} stand for several
inputs, with how many of them ended in which way. It is written by

```
python -m pytest tests/inputs --page docs/bad-input.md
```

and `make test-inputs` tries all of it again. "Right" of a film: it was probed, extracted and
encoded again, with the source's number of frames, their times, its sound tracks, and the colours
that ffmpeg shows. "Damaged files" were changed at seeded places.
"""
