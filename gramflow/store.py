"""The content-addressed folder of finished frames."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from gramflow.arrays import Pixels
from gramflow.errors import GramflowError
from gramflow.files import write_bytes
from gramflow.media.pictures import decode_png, encode_png, read_note


class Store:
    """Pictures by key, each one PNG file that exists whole or not at all.

    Keys are hexadecimal digests; their first two digits name a subfolder, so that no folder
    grows beyond a few thousand files. Writing is safe from several processes and hosts: the same
    key always holds the same picture.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Where the picture of `key` is or would be."""
        return self.root / key[:2] / f"{key}.png"

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_file()

    def read(self, key: str) -> Pixels:
        """The picture, RGB as stored. Raises GramflowError when the file is damaged or gone."""
        path = self.path(key)
        try:
            return decode_png(path.read_bytes())
        except FileNotFoundError as error:
            raise GramflowError(f"{path}: was deleted during the run; run again") from error
        except ValueError as error:
            raise GramflowError(f"{path}: damaged; delete it and run again") from error

    def note(self, key: str) -> str:
        """The text stored with the picture."""
        return read_note(self.path(key))

    def write(self, key: str, pixels: Pixels, note: str = "") -> None:
        """Add a picture. Raises GramflowError when the disk is full."""
        write_bytes(self.path(key), encode_png(pixels, note))


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
        self, key: str, pixels: Pixels, note: str = "", done: Callable[[], None] | None = None
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


def frames(root: str | Path) -> Store:
    """The frames as extracted, by the hash of their pixels."""
    return Store(Path(root) / "frames")


def painted(root: str | Path) -> Store:
    """The painted frames, by the digest of all they depend on."""
    return Store(Path(root) / "painted")


def lock(root: str | Path, claim: str) -> Path:
    """The file to lock while the frames of a record's claim are painted.

    Beside the frames, since all that may paint them see that folder.
    """
    return Path(root) / "locks" / f"{claim}.lock"
