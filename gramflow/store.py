"""The content-addressed folder of finished frames."""

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
