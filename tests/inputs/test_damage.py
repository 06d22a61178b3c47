"""Films that were cut or changed at seeded places: refused in one line, or come out whole."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.inputs.damage import DAMAGES
from tests.inputs.films import PLAIN, Maker, by
from tests.inputs.stages import furnish, passed
from tests.inputs.table import RIGHT, Tell
from tests.inputs.test_films import check_clean, check_refused
from tests.support.media import decoded, tone

SEEDS = 3
SOUND = tone(0.2)


def _film(name: str, options: str = "") -> Maker:
    """A film of five frames, with sound where the options have a codec for it."""
    return by(name, options, inputs=SOUND if "-c:a" in options else (), seconds=0.2)


KINDS = {
    "mp4, H.264": _film("a.mp4", f"{PLAIN} -c:a aac"),
    "mkv, H.264": _film("a.mkv", f"{PLAIN} -c:a libvorbis"),
    "avi, Motion JPEG": _film("a.avi", "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le"),
    "webm, VP8": _film("a.webm", "-c:v libvpx -pix_fmt yuv420p"),
    "mov, RLE": _film("a.mov", "-c:v qtrle"),
    "ts, H.264": _film("a.ts", f"{PLAIN} -c:a mp2"),
    "wmv": _film("a.wmv", "-c:v wmv2 -c:a wmav2"),
    "GIF": _film("a.gif"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_films(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path)
    whole = Path(KINDS[kind]())
    for damage, change in DAMAGES.items():
        ends: Counter[str] = Counter()
        for seed in range(SEEDS):
            path = whole.with_name(f"{damage.replace(' ', '-')}.{seed}{whole.suffix}")
            path.write_bytes(change(whole.read_bytes(), random.Random(f"{kind} {damage} {seed}")))
            found = passed(path.name)
            if found.line:
                check_refused(found)
            else:
                check_clean()
                assert found.film and found.manifest
                assert len(decoded(found.film)) == len(found.manifest.frames)
            ends[_words(found.outcome.replace(path.name, "film"))] += 1
        text = "; ".join(f"{count}: {end}" for end, count in sorted(ends.items()))
        tell("Damaged files", f"{kind}: {damage}", text, count=SEEDS)


def _words(outcome: str) -> str:
    """An outcome without what differs from file to file."""
    if outcome.startswith(f"{RIGHT}:"):
        return "right, with a warning that it may be damaged"
    return outcome.removeprefix("videos.film.path: ").split(";")[0]
