"""The content-addressed folder of finished frames."""

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Pixels
from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical, write_bytes
from gramflow.store.png import decode_png, encode_png, ends_as_png, read_note


class Store:
    """Pictures by key, each one PNG file that exists whole or not at all.

    Keys are hexadecimal digests; their first two digits name a subfolder, so that no folder
    grows beyond a few thousand files. Writing is safe from several processes and hosts: the same
    key always holds the same picture. What is read is compared with its key first.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Where the picture of `key` is or would be."""
        return self.root / key[:2] / f"{key}.png"

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_file()

    def read(self, key: str) -> Pixels:
        """The picture, RGB as stored.

        Raises GramflowError when the file is gone, or is not what its key says; it is then removed,
        so that the next run makes it anew.
        """
        path = self.path(key)
        try:
            return self.checked(key)
        except FileNotFoundError as error:
            raise GramflowError(f"{path}: was deleted during the run; run again") from error
        except ValueError as error:
            path.unlink(missing_ok=True)
            text = "was damaged, and is removed; run again, and it is made anew"
            raise GramflowError(f"{path}: {text}") from error

    def checked(self, key: str) -> Pixels:
        """The picture. Raises ValueError when the file is not what its key says."""
        path = self.path(key)
        pixels = decode_png(path.read_bytes())
        if self._expected(key) != pixels_digest(pixels):
            raise ValueError(f"{path} holds another picture")
        return pixels

    def note(self, key: str) -> dict[str, Any]:
        """What was stored with the picture. Raises ValueError when the file is damaged."""
        note = json.loads(read_note(self.path(key)))
        if not isinstance(note, dict) or note.get("key") != key:
            raise ValueError(f"{self.path(key)} is the file of another key")
        return note

    def is_whole(self, key: str) -> bool:
        """Whether a file for this key is there to its end; its pixels are not looked at."""
        try:
            return ends_as_png(self.path(key)) and bool(self._expected(key))
        except (FileNotFoundError, ValueError):
            return False

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """The bytes of the files that are there, by key."""
        found = {}
        for key in keys:
            with suppress(FileNotFoundError):
                found[key] = self.path(key).stat().st_size
        return found

    def write(self, key: str, pixels: Pixels, note: Mapping[str, Any] | None = None) -> None:
        """Add a picture. Raises GramflowError when the disk is full."""
        write_bytes(self.path(key), encode_png(pixels, self._note(key, pixels, note or {})))

    def _note(self, key: str, pixels: Pixels, note: Mapping[str, Any]) -> str:
        """The text that travels in the file."""
        return canonical({**note, "key": key, "pixels": pixels_digest(pixels)})

    def _expected(self, key: str) -> str:
        """The digest that the pixels of a key's file must have. Raises ValueError for another's."""
        return str(self.note(key).get("pixels", ""))


class FrameStore(Store):
    """Extracted frames, whose keys are the digests of their pixels; their files need no note."""

    def _note(self, key: str, pixels: Pixels, note: Mapping[str, Any]) -> str:
        return ""

    def _expected(self, key: str) -> str:
        return key


class Listing:
    """What a store holds; each of its folders is listed once, when it is first asked for.

    For a process that asks about many keys: on a disk in the network a listing takes about as long
    as a question about one file.
    """

    def __init__(self, store: Store) -> None:
        self.root = store.root
        # arrays, since a feature film has a million frames
        self._folders: dict[str, tuple[NDArray[np.bytes_], NDArray[np.int64]]] = {}

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """The bytes of the files that are there, by key."""
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
        """Names, sorted, and bytes of the files of a folder."""
        files: list[tuple[bytes, int]] = []
        with suppress(FileNotFoundError), os.scandir(self.root / folder) as entries:
            for entry in entries:
                files.append((os.fsencode(entry.name.removesuffix(".png")), entry.stat().st_size))
        files.sort()
        names = np.array([name for name, _ in files], np.bytes_)
        return names, np.array([size for _, size in files], np.int64)


def pixels_digest(pixels: Pixels) -> str:
    """SHA-256 of a picture's shape, depth and pixels."""
    digest = sha256(f"{pixels.shape} {pixels.dtype.name} ".encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()


class Writer:
    """Writes pictures to a store on other threads, while whoever gives them goes on.

    At most `threads` pictures are on their way. What goes wrong is raised by a later write, or by
    settle, which has to come before anybody relies on the files.
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
        """Add a picture as Store.write does; then call `done`, on the other thread."""
        while len(self._pending) >= self.threads:
            self._pending.popleft().result()

        def write() -> None:
            self.store.write(key, pixels, note)
            if done:
                done()

        self._pending.append(self._pool.submit(write))

    def settle(self) -> None:
        """Wait until everything is written."""
        while self._pending:
            self._pending.popleft().result()


def extracted_store(root: str | Path) -> FrameStore:
    """The frames as extracted, by the hash of their pixels."""
    return FrameStore(Path(root) / "frames")


def painted_store(root: str | Path) -> Store:
    """The painted frames, by the digest of all they depend on."""
    return Store(Path(root) / "painted")


def lock_file(root: str | Path, claim: str) -> Path:
    """The file to lock while the frames of a record's claim are painted.

    Beside the frames, since all that may paint them see that folder.
    """
    return Path(root) / "locks" / f"{claim}.lock"
