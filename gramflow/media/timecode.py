"""Time codes of SMPTE ST 12-1: hh:mm:ss:ff, and hh:mm:ss;ff where numbers are dropped."""

import re
from fractions import Fraction

_DROPPING = (Fraction(30000, 1001), Fraction(60000, 1001))
"""The only rates at which numbers are dropped; ffmpeg refuses others."""

_PARTS = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d+)")


def advanced(timecode: str, frames: int, rate: Fraction) -> str | None:
    """The time code some frames later; None for a text that is no time code.

    rate: frames per second. With `;` the first numbers of each minute but every tenth are dropped,
    two at 30 and four at 60 frames a second, so that 29.97 or 59.94 frames keep up with the clock.
    """
    found = _PARTS.fullmatch(timecode)
    if not found:
        return None
    hours, minutes, seconds, frame = (int(found[number]) for number in (1, 2, 3, 5))
    nominal = round(rate)
    drops = found[4] != ":" and rate in _DROPPING
    mark, dropped = (found[4], nominal // 15) if drops else (":", 0)
    whole = hours * 60 + minutes
    number = (whole * 60 + seconds) * nominal + frame - dropped * (whole - whole // 10) + frames
    tens = 600 * nominal - 9 * dropped  # frames of ten minutes
    number %= 24 * 6 * tens
    ten, rest = divmod(number, tens)
    minute = nominal * 60 - dropped
    number += 9 * dropped * ten
    if rest >= nominal * 60:
        number += dropped * ((rest - nominal * 60) // minute + 1)
    clock, frame = divmod(number, nominal)
    minutes, seconds = divmod(clock, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{mark}{frame:02d}"
