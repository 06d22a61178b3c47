"""Damages files at seeded places: cut off, bits flipped, pieces lost, moved or there twice."""

import random
from collections.abc import Callable

Damage = Callable[[bytes, random.Random], bytes]


def cut(data: bytes, chance: random.Random) -> bytes:
    """Without the end."""
    return data[: chance.randrange(1, len(data))]


def begun_late(data: bytes, chance: random.Random) -> bytes:
    """Without the beginning."""
    return data[chance.randrange(1, len(data)) :]


def flipped_anywhere(data: bytes, chance: random.Random) -> bytes:
    """Some bits changed."""
    return _flipped(data, chance, len(data))


def flipped_in_the_header(data: bytes, chance: random.Random) -> bytes:
    """Some bits of the first half kilobyte changed."""
    return _flipped(data, chance, min(512, len(data)))


def _flipped(data: bytes, chance: random.Random, end: int) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 32))):
        changed[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def zeroed(data: bytes, chance: random.Random) -> bytes:
    """A piece of zeros, as of a download with holes."""
    start = chance.randrange(len(data))
    length = min(chance.choice((16, 512, 4096)), len(data) - start)
    return data[:start] + bytes(length) + data[start + length :]


def mixed(data: bytes, chance: random.Random) -> bytes:
    """A piece moved to another place."""
    length = chance.choice((4, 64, 1024))
    start, place = (chance.randrange(max(1, len(data) - length)) for _ in range(2))
    piece = data[start : start + length]
    return data[:place] + piece + data[place + length :]


def shortened(data: bytes, chance: random.Random) -> bytes:
    """A piece lost from the middle."""
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.choice((1, 100, 2000)) :]


def repeated(data: bytes, chance: random.Random) -> bytes:
    """A piece there twice."""
    start = chance.randrange(len(data))
    return data[:start] + data[max(0, start - chance.choice((1, 100, 2000))) :]


DAMAGES: dict[str, Damage] = {
    "cut off": cut,
    "begun late": begun_late,
    "bits flipped": flipped_anywhere,
    "bits flipped in the header": flipped_in_the_header,
    "a piece of zeros": zeroed,
    "a piece in a wrong place": mixed,
    "a piece lost": shortened,
    "a piece twice": repeated,
}
