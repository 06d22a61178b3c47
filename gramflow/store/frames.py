"""The store: finished frames in a content-addressed folder."""

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Pixels
from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical, write_bytes
from gramflow.store.png import decode_png, encode_png, read_note

LATE = 5.0
"""Seconds to wait for a file that another machine has written, as on NFS: as many as Snakemake."""


class Store:
    """Pictures by key; each is one PNG file, written atomically.

    Keys are hexadecimal digests. Their first two digits name a subfolder, so that no folder grows
    beyond a few thousand files. Several processes and hosts may write at once, since a key always
    stands for the same picture. Whatever is read is verified against its key.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Path of the file for `key`, whether it exists or not."""
        return self.root / key[:2] / f"{key}.png"

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_file()

    def read(self, key: str) -> Pixels:
        """Read and verify a picture: (height, width, 3), RGB, 8 or 16 bits as stored; of a mask,
        (height, width).

        Raises GramflowError when the file is missing or does not match its key. A file that does
        not match is deleted, so that the next run makes it again.
        """
        with self._refusing(key):
            return self.checked(key)

    def told(self, key: str) -> dict[str, Any]:
        """Read a picture's metadata and the bytes of its file. Errors as of `read`."""
        with self._refusing(key):
            return self.note(key) | {"bytes": self.path(key).stat().st_size}

    @contextmanager
    def _refusing(self, key: str) -> Iterator[None]:
        """Turn the errors of a missing or damaged file into GramflowError; delete a damaged one.

        Waits for a missing one before: the jobs that were to write it have ended.
        """
        path = self.path(key)
        ends = time.monotonic() + LATE
        while key not in self and time.monotonic() < ends:
            time.sleep(LATE / 50)
        try:
            yield
        except FileNotFoundError as error:
            text = "was deleted during the run, or this machine sees it late; run again"
            raise GramflowError(f"{path}: {text}") from error
        except ValueError as error:
            path.unlink(missing_ok=True)
            text = "was damaged, and is removed; run again, and it is made anew"
            raise GramflowError(f"{path}: {text}") from error
        except PermissionError as error:
            raise GramflowError(f"{path}: may not be read; allow it and run again") from error
        except OSError as error:
            raise GramflowError(f"{path}: cannot be read ({error.strerror}); run again") from error

    def checked(self, key: str) -> Pixels:
        """Read and verify a picture, but delete nothing.

        Raises ValueError when the file is damaged or does not match its key, and FileNotFoundError
        when it is missing.
        """
        path = self.path(key)
        pixels = decode_png(path.read_bytes())
        if self._expected(key) != pixels_digest(pixels):
            raise ValueError(f"{path} holds another picture")
        return pixels

    def note(self, key: str) -> dict[str, Any]:
        """The metadata that was stored with a picture.

        Raises ValueError when the file is damaged or belongs to another key.
        """
        note = json.loads(read_note(self.path(key)))
        if not isinstance(note, dict) or note.get("key") != key:
            raise ValueError(f"{self.path(key)} is the file of another key")
        return note

    def is_intact(self, key: str) -> bool:
        """Whether a picture is there, may be read and matches its key; the whole file is read."""
        try:
            self.checked(key)
        except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError):
            return False
        return True

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """File sizes in bytes, by key; missing files are left out."""
        found = {}
        for key in keys:
            with suppress(FileNotFoundError, NotADirectoryError):
                found[key] = self.path(key).stat().st_size
        return found

    def write(self, key: str, pixels: Pixels, note: Mapping[str, Any] | None = None) -> None:
        """Add a picture, atomically.

        note: metadata to store with it. Raises GramflowError when the disk is full.
        """
        write_bytes(self.path(key), encode_png(pixels, self._note(key, pixels, note or {})))

    def _note(self, key: str, pixels: Pixels, note: Mapping[str, Any]) -> str:
        """Text to embed in the PNG file: `note`, the key, and the digest of the pixels."""
        return canonical({**note, "key": key, "pixels": pixels_digest(pixels)})

    def _expected(self, key: str) -> str:
        """Digest that the pixels of a key's file must have.

        Raises ValueError when the file belongs to another key.
        """
        return str(self.note(key).get("pixels", ""))


class FrameStore(Store):
    """Extracted frames: a key is the digest of the pixels, so the files need no metadata."""

    def _note(self, key: str, pixels: Pixels, note: Mapping[str, Any]) -> str:
        return ""

    def _expected(self, key: str) -> str:
        return key


class Listing:
    """File sizes of a store; each subfolder is listed once, at the first question about it.

    For a process that asks about many keys: on a network disk, listing a folder takes about as long
    as looking at one file.
    """

    def __init__(self, store: Store) -> None:
        self.root = store.root
        # sorted arrays, since a feature film has a million frames
        self._folders: dict[str, tuple[NDArray[np.bytes_], NDArray[np.int64]]] = {}

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """File sizes in bytes, by key; missing files are left out."""
        wanted: dict[str, list[str]] = {}
        for key in keys:
            wanted.setdefault(key[:2], []).append(key)
        found: dict[str, int] = {}
        for folder, asked in wanted.items():
            if folder not in self._folders:
                self._folders[folder] = self._list(folder)
            names, sizes = self._folders[folder]
            places = np.searchsorted(names, np.array(asked, np.bytes_))
            for key, place in zip(asked, places, strict=True):
                if place < len(names) and names[place] == key.encode():
                    found[key] = int(sizes[place])
        return found

    def _list(self, folder: str) -> tuple[NDArray[np.bytes_], NDArray[np.int64]]:
        """Keys, sorted, and sizes in bytes of the files in a subfolder."""
        files: list[tuple[bytes, int]] = []
        with (
            suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(self.root / folder) as entries,
        ):
            for entry in entries:
                files.append((os.fsencode(entry.name.removesuffix(".png")), entry.stat().st_size))
        files.sort()
        names = np.array([name for name, _ in files], np.bytes_)
        return names, np.array([size for _, size in files], np.int64)


def pixels_digest(pixels: Pixels) -> str:
    """SHA-256 of a picture's shape, dtype and pixels, hexadecimal."""
    digest = sha256(f"{pixels.shape} {pixels.dtype.name} ".encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()


class Writer:
    """Writes pictures to a store in background threads.

    At most `threads` writes are pending; one more waits for the oldest. An error is raised by a
    later `write` or by `settle`, so call `settle` before relying on the files.
    """

    def __init__(self, store: Store, threads: int = 1) -> None:
        self.store = store
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads)
        self._pending: deque[Future[None]] = deque()

    def write(
        self,
        key: str,
        pixels: Pixels,
        note: Mapping[str, Any] | None = None,
        done: Callable[[], None] | None = None,
    ) -> None:
        """Queue a picture for `Store.write`.

        done: called afterwards, in the background thread.
        """
        while len(self._pending) >= self.threads:
            self._pending.popleft().result()

        def write() -> None:
            if not self.store.is_intact(key):
                self.store.write(key, pixels, note)
            if done:
                done()

        self._pending.append(self._pool.submit(write))

    def settle(self) -> None:
        """Wait until all queued pictures are written. Raises the first error of a write."""
        while self._pending:
            self._pending.popleft().result()


def extracted_store(root: str | Path) -> FrameStore:
    """The store of extracted frames, whose keys are the digests of their pixels."""
    return FrameStore(Path(root) / "frames")


def painted_store(root: str | Path) -> Store:
    """The store of painted frames, whose keys are digests of all that a frame depends on."""
    return Store(Path(root) / "painted")


def mask_store(root: str | Path) -> FrameStore:
    """The store of masks' frames: grey, (height, width), 8 bits; keys are the pixels' digests."""
    return FrameStore(Path(root) / "masks")


def read_mask(store: Store, key: str) -> NDArray[np.float32]:
    """Read a mask's frame: (height, width), 0 outside of the region and 1 in it.

    Raises GramflowError like `Store.read`.
    """
    pixels = store.read(key)
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def lock_file(root: str | Path, claim: str) -> Path:
    """The file to lock (flock) while the frames of a claim are painted.

    It lies beside the frames, since every process that might paint them has access to that folder.
    """
    return Path(root) / "locks" / f"{claim}.lock"
