"""The store: with several jobs writing at once, as on a disk that nodes share; and damaged."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Timer

import numpy as np
import pytest

from gramflow.base.arrays import Pixels
from gramflow.base.errors import DamagedError, GramflowError
from gramflow.store import frames
from gramflow.store.arrays import save_arrays
from gramflow.store.checks import is_whole_archive
from gramflow.store.frames import FrameStore, Listing, Store, Writer, pixels_digest
from gramflow.store.png import encode_png
from gramflow.store.records import Certificate

WRITER = """
import sys
from pathlib import Path
import numpy as np
from gramflow.store.frames import Store

store = Store(Path(sys.argv[1]))
pixels = np.full((256, 256, 3), 40_000, np.uint16)
for _ in range(15):
    for key in ("aa1", "aa2", "bb1"):
        store.write(key, pixels, {"how": "it came about"})
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing here stays so."""
    monkeypatch.setattr(frames, "LATE", 0)


def test_jobs_that_write_the_same_frames_at_once_leave_them_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command) for _ in range(3)]
    store, seen = Store(tmp_path), 0
    while any(writer.poll() is None for writer in writers):
        for key in ("aa1", "aa2", "bb1"):
            if key in store:
                pixels = store.read(key)
                assert pixels.shape == (256, 256, 3) and (pixels == 40_000).all()
                told = {"how": "it came about", "key": key, "pixels": pixels_digest(pixels)}
                assert store.note(key) == told
                seen += 1
    assert all(writer.wait() == 0 for writer in writers) and seen
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == [
        "aa1.png",
        "aa2.png",
        "bb1.png",
    ]
    assert np.array_equal(store.read("aa1"), store.read("bb1"))


def test_a_writer_writes_all_of_them_a_few_at_a_time(tmp_path):
    found = Store(tmp_path)
    writer = Writer(found, threads=3)
    pictures = {f"{n:02x}" * 32: np.full((40, 50, 3), n, np.uint8) for n in range(20)}
    finished = []
    for given, (key, pixels) in enumerate(pictures.items()):
        writer.write(key, pixels, done=partial(finished.append, key))
        assert given - len(finished) < 3
    writer.settle()
    assert sorted(finished) == sorted(pictures)
    for key, pixels in pictures.items():
        assert np.array_equal(found.read(key), pixels)


def test_a_frame_is_waited_for_that_another_machine_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "LATE", 30)
    pixels = np.full((40, 50, 3), 7, np.uint8)
    late = Timer(1, Store(tmp_path).write, ("ab", pixels))
    late.start()
    assert np.array_equal(Store(tmp_path).read("ab"), pixels)


# -- damaged -----------------------------------------------------------------------------------

Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "emptied": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "without the last byte": lambda data: data[:-1],
    "without its start": lambda data: data[40:],
    "text": lambda data: b"Dear diary\n",
}
NOTES = ("", "Dear diary", "{}", "[]", "3", '{"key":"KEY"}', '{"key":"KEY","pixels":null}')
"""Of valid pictures that Store.write did not write."""


PICTURES = list(np.random.default_rng(0).integers(0, 65535, (2, 6, 8, 3), np.uint16))
KEYS = KEY, OTHER = [pixels_digest(pixels) for pixels in PICTURES]


@pytest.fixture(params=[Store, FrameStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """With two pictures, by the digests of their pixels."""
    found: Store = request.param(tmp_path / "store")
    for key, pixels in zip(KEYS, PICTURES, strict=True):
        found.write(key, pixels, {"seconds": 1.5})
    return found


def refuse(store: Store) -> None:
    """Reading raises an error of one line, and removes the file; then it lacks."""
    with pytest.raises(ValueError):
        store.checked(KEY)
    assert KEY in store
    with pytest.raises(GramflowError, match=rf"{KEY}\.png: was damaged, and is removed; run again"):
        store.read(KEY)
    assert KEY not in store and not store.is_intact(KEY)
    text = "was deleted during the run, or this machine sees it late; run again"
    with pytest.raises(GramflowError, match=rf"{KEY}\.png: {text}"):
        store.read(KEY)


def test_what_is_intact_is_read(store: Store) -> None:
    for key, pixels in zip(KEYS, PICTURES, strict=True):
        assert store.is_intact(key)
        assert np.array_equal(store.read(key), pixels)
        assert np.array_equal(store.checked(key), pixels)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_refused_and_removed(store: Store, damage: Damage) -> None:
    store.path(KEY).write_bytes(damage(store.path(KEY).read_bytes()))
    assert not store.is_intact(KEY) or damage is DAMAGES["without its start"]
    refuse(store)
    assert store.is_intact(OTHER) and np.array_equal(store.read(OTHER), PICTURES[1])


def test_another_picture_is_refused_and_removed(store: Store) -> None:
    """Of another key; that this is so stands in a painted frame's file, before its pixels."""
    shutil.copy(store.path(OTHER), store.path(KEY))
    assert not store.is_intact(KEY)
    refuse(store)
    # with a note of this key, or none where there is none
    store.write(KEY, PICTURES[0])
    note = store.path(KEY).read_bytes()
    store.path(KEY).write_bytes(swapped(note, encode_png(PICTURES[1])))
    assert not store.is_intact(KEY)
    refuse(store)


def swapped(data: bytes, other: bytes) -> bytes:
    """A file with the pixels of another one that has no note."""
    start = data.index(b"IDAT") - 4
    return data[:start] + other[other.index(b"IDAT") - 4 :]


@pytest.mark.parametrize(
    "pixels",
    [PICTURES[0][:-1], PICTURES[0][:, ::-1], (PICTURES[0] >> 8).astype(np.uint8)],
    ids=["less", "mirrored", "of another depth"],
)
def test_a_picture_like_it_is_refused_and_removed(store: Store, pixels: Pixels) -> None:
    store.path(KEY).write_bytes(encode_png(np.ascontiguousarray(pixels)))
    refuse(store)


def test_no_flipped_bit_gives_another_picture(store: Store) -> None:
    """Wherever it is: the file is refused and removed, or its pixels are as they were."""
    whole, refused = store.path(KEY).read_bytes(), 0
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        store.path(KEY).write_bytes(data)
        store.is_intact(KEY)  # raises nothing
        try:
            assert np.array_equal(store.read(KEY), PICTURES[0])
        except GramflowError:
            assert KEY not in store
            refused += 1
    pixels = len(whole) - whole.index(b"IDAT")
    assert refused > pixels - 30


@pytest.mark.parametrize("note", NOTES)
def test_a_file_that_the_store_did_not_write_is_refused(tmp_path: Path, note: str) -> None:
    store = Store(tmp_path)
    store.path(KEY).parent.mkdir()
    store.path(KEY).write_bytes(encode_png(PICTURES[0], note.replace("KEY", KEY)))
    assert not store.is_intact(KEY)
    refuse(store)


def test_a_listing_tells_the_same_sizes(store: Store) -> None:
    """Of what lacks, nothing; of several folders, and of several files in one."""
    near = KEY[:2] + OTHER[2:]
    store.write(near, PICTURES[1])
    store.path(OTHER).write_bytes(b"")
    lacking = [KEY[:2] + "0" * 62, f"{int(KEY[:2], 16) ^ 1:02x}" + KEY[2:]]
    asked = [KEY, OTHER, near, *lacking, KEY]
    sizes = store.sizes(asked)
    assert sizes == Listing(store).sizes(asked)
    assert sizes == {key: store.path(key).stat().st_size for key in (KEY, OTHER, near)}
    assert sizes[OTHER] == 0 < sizes[KEY]
    nowhere = type(store)(store.root / "nowhere")
    assert nowhere.sizes(asked) == Listing(nowhere).sizes(asked) == {}


def test_a_listing_stays_as_it_was_first_asked(store: Store) -> None:
    listing = Listing(store)
    assert listing.sizes([KEY]) == store.sizes([KEY])
    store.write(KEY[:2] + OTHER[2:], PICTURES[1])
    assert listing.sizes([KEY[:2] + OTHER[2:]]) == {}


def test_no_flipped_bit_gives_another_document(tmp_path: Path) -> None:
    """Wherever it is, and though most of them still give JSON; nor does another name."""
    path, other = tmp_path / "certificate.json", tmp_path / "other.json"
    certificate = Certificate("c", {"a": 1234, "b": 5}, {"a": "f00", "b": "ba9"})
    certificate.save(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        path.write_bytes(data)
        with suppress(DamagedError):
            assert Certificate.load(path) == certificate
    other.write_bytes(whole)
    with pytest.raises(DamagedError, match=r"other.json.*delete it and run again"):
        Certificate.load(other)
    older = {key: value for key, value in json.loads(whole).items() if key != "seal"}
    path.write_text(json.dumps(older))
    assert Certificate.load(path) == certificate


def test_arrays_of_another_name_are_not_whole(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.npz", {"a": np.arange(9)})
    assert is_whole_archive(tmp_path / "a.npz")
    shutil.copy(tmp_path / "a.npz", tmp_path / "b.npz")
    assert not is_whole_archive(tmp_path / "b.npz")
    for missing in range(1, len("a.npz") + 1):
        (tmp_path / "a.npz").write_bytes((tmp_path / "b.npz").read_bytes()[:-missing])
        assert not is_whole_archive(tmp_path / "a.npz")
