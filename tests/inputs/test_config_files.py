"""Config files with what YAML has in store, as the commands and the workflow read them."""

from pathlib import Path

import pytest

from gramflow.base.errors import GramflowError
from gramflow.commands.main import main
from gramflow.settings.config import load
from gramflow.settings.reading import read_config
from tests.inputs.table import RIGHT, Tell

BASE = "videos: {room: {path: clip.avi}}\nstyles: {night: {images: [night.jpg]}}\n"
ALIASES = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
MERGES = "".join(
    f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 10)
)
TWICE, HUGE = "is there twice; keep one", "that aliases stand for"

FILES: list[tuple[str, str | bytes, str]] = [
    # case, what the file holds or what follows BASE in it, part of the line that refuses it
    ("a key twice", "videos: {b: {path: clip.avi}}", TWICE),
    ("a key twice within an entry", "looks: {default: {width: 64, width: 128}}", TWICE),
    ("a name twice, as number and as text", 'looks: {12: {}, "12": {}}', TWICE),
    ("aliases that double nine times", f"a0: &a0 [x]\n{ALIASES}", HUGE),
    ("merges that double nine times", f"m0: &m0 {{x: 1}}\n{MERGES}", HUGE),
    ("a mapping that holds itself", "looks: &a {default: *a}", "what it is a part of"),
    ("a list that holds itself", "renders: &a [*a]", "what it is a part of"),
    ("3000 lists in each other", f"looks: {'[' * 3000}{']' * 3000}", "nested too deep"),
    ("an alias of nothing", "looks: {a: *nope}", "undefined alias"),
    ("an anchor used again", "looks: {a: &a {width: 64}, b: *a}", ""),
    ("a merged mapping", "looks: {a: &a {width: 64}, b: {<<: *a, seed: 1}}", ""),
    ("a merge of a number", "looks: {b: {<<: 3}}", "expected a mapping"),
    ("norway: a codec called no", "encode: {codec: no}", "encode.codec: False"),
    ("norway: a look called no", "looks: {no: {}}", "write it in quotes"),
    ("a time as 1:30", "segment_frames: 1:30", ""),
    ("a number with a leading zero is octal", "looks: {default: {width: 0640}}", ""),
    ("a number with underscores", "looks: {default: {width: 6_40}}", ""),
    ("width 1e19", "looks: {default: {width: 1e19}}", "at most 16384"),
    ("width 1.0e+19", "looks: {default: {width: 1.0e+19}}", "at most 16384"),
    ("width .inf", "looks: {default: {width: .inf}}", "at most 16384"),
    ("a scale that is not a number", "looks: {default: {style_scale: .nan}}", "greater than 0"),
    ("passes 1e19", "looks: {default: {passes: 10000000000000000000}}", "at most 100"),
    ("a number of 5000 digits", f"segment_frames: {'9' * 5000}", "is no int"),
    ("a number of 5000 hexadecimal digits", f"segment_frames: 0x{'f' * 5000}", "is no int"),
    ("a date in month 13", "memory: 2024-13-45", "is no timestamp"),
    ("a date in place of text", "memory: 2024-01-01", "does not fit"),
    ("a date as a name", "looks: {2024-01-01: {}}", "write it in quotes"),
    ("a tag of Python's", "memory: !!python/object/apply:os.system [ls]", "could not determine"),
    ("text tagged as a number", "segment_frames: !!int x", "is no int"),
    ("bytes", "memory: !!binary aGVsbG8=", "does not fit"),
    ("a set", "looks: !!set {a, b}", "does not fit"),
    ("half a surrogate pair", 'weights: "\\ud800"', "not in UTF-8"),
    ("a zero byte", 'weights: "\\0"', "no such file"),
    ("a line break in a path", 'weights: "a\\nb.h5"', "a\\nb.h5: no such file"),
    ("a bell", "memory: \x07", "unacceptable character"),
    ("a list as a key", "? [a]\n: 1", "unhashable"),
    ("two documents", f"---\n{BASE}", "another document"),
    ("a name of 1000 letters", f'looks: {{"{"x" * 1000}": {{}}}}', "at most 64"),
    ("a value of 100000 letters", f"memory: {'x' * 100_000}", "does not fit"),
    ("names that differ by case only", "looks: {Fine: {}, fine: {}}", "by case only"),
    ("a byte order mark", "\ufeff".encode() + BASE.encode(), ""),
    ("line ends of Windows", BASE.replace("\n", "\r\n").encode(), ""),
    ("UTF-16", BASE.encode("utf-16"), "is not text in UTF-8"),
    ("Latin-1", BASE.replace("night:", "nächt:").encode("latin-1"), "is not text in UTF-8"),
    ("a picture", b"\x89PNG\r\n\x1a\n", "is not text in UTF-8"),
    ("tabs", BASE.replace(" ", "\t").encode(), "cannot start any token"),
    ("empty", b"", "holds no entries"),
    ("one word", b"hello", "holds no entries"),
    ("a bracket that is not closed", b"videos: {room: {path: x", "is not YAML"),
]


@pytest.mark.parametrize(("case", "content", "refused"), FILES, ids=[case for case, *_ in FILES])
def test_a_file(
    case: str,
    content: str | bytes,
    refused: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("clip.avi", "night.jpg"):
        Path(name).write_bytes(b"x")
    data = content if isinstance(content, bytes) else f"{BASE}{content}\n".encode()
    Path("config.yaml").write_bytes(data)
    if not refused:
        load(read_config(Path("config.yaml")))
        tell("Config files", case, RIGHT)
        return
    with pytest.raises(GramflowError) as raised:
        load(read_config(Path("config.yaml")))
    line = str(raised.value)
    assert refused in line
    assert len(line.splitlines()) == 1 and len(line) < 700
    # what a command says is that line
    assert main(["status"]) == 2
    assert capsys.readouterr().err == f"ERROR: {line}\n"
    assert sorted(path.name for path in Path().iterdir()) == [
        "clip.avi",
        "config.yaml",
        "night.jpg",
    ]
    tell("Config files", case, line)
