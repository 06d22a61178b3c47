"""Grain: measured in frames whose noise is known, and added to the films of painted ones."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gramflow.base.arrays import blurred, luminance
from gramflow.engine.grain import Grain, grained, measured
from gramflow.media.encode import encode
from gramflow.media.grain import film_grain
from gramflow.media.pictures import to_bytes, to_pixels
from gramflow.store.frames import FrameStore, Store
from tests.support import media
from tests.support.renders import config_with

WIDTH, HEIGHT = 256, 192
LOSSLESS = {"codec": "libx264", "crf": 0, "pixel_format": "yuv444p", "speed": "ultrafast"}


def plain() -> np.ndarray:
    """A grey picture that gets brighter from left to right."""
    row = np.linspace(0.2, 0.8, WIDTH, dtype=np.float32)
    return np.broadcast_to(row[None, :, None], (HEIGHT, WIDTH, 3)).copy()


def noisy(sigma: float, blur: float = 0, texture: float = 0, count: int = 3) -> list[np.ndarray]:
    """Plain frames with noise of this deviation, the right half with texture, as of 8 bits."""
    random = np.random.default_rng(5)
    frames = []
    for _ in range(count):
        frame = plain()
        woven = random.normal(size=(HEIGHT, WIDTH // 2, 3)).astype(np.float32)
        frame[:, WIDTH // 2 :] += texture * blurred(woven, 1.5)
        noise = random.normal(size=(HEIGHT, WIDTH)).astype(np.float32)
        noise = blurred(noise, blur) if blur else noise
        frame += sigma * (noise / noise.std())[..., None]
        frames.append(to_bytes(frame).astype(np.float32) / 255)
    return frames


@pytest.mark.parametrize("texture", [0, 0.3])
@pytest.mark.parametrize("blur", [0, 0.6, 1])
@pytest.mark.parametrize("sigma", [1, 2, 6])
def test_grain_is_measured(sigma: float, blur: float, texture: float) -> None:
    """Its strength and its size, also beside texture; dark to bright alike."""
    found = measured(noisy(sigma / 255, blur, texture), 1 / 255)
    dark = 255 * np.array(found.sigmas)[:4]
    assert np.allclose(dark, sigma, rtol=0.2)
    assert found.blur == pytest.approx(blur, abs=0.4 if blur == 0 else 0.15)


def test_a_clean_film_has_no_grain() -> None:
    """But the rounding of its values; neither has one without anything to measure in."""
    assert max(measured(noisy(0), 1 / 255).sigmas) < 0.4 / 255
    assert measured([np.zeros((20, 20, 3), np.float32)], 1 / 255).sigmas == (0,) * 8


def test_grain_depends_on_brightness() -> None:
    frames = [plain() for _ in range(3)]
    random = np.random.default_rng(6)
    for frame in frames:
        noise = random.normal(size=(HEIGHT, WIDTH, 1)).astype(np.float32)
        frame += (4 - 2.5 * frame) / 255 * noise
    found = 255 * np.array(measured(frames, 0).sigmas)[2:6]
    assert np.allclose(found, [4 - 2.5 * (band + 0.5) / 8 for band in range(2, 6)], rtol=0.1)


def test_added_grain_is_that_of_the_film() -> None:
    """Measured again; nearly grey; on twice the size, twice as large."""
    grain = Grain((4 / 255,) * 8, 0.5)
    added = [grained(plain(), grain, 1, (WIDTH, HEIGHT), (7, number)) for number in range(3)]
    found = measured(added, 0)
    assert np.allclose(found.sigmas, grain.sigmas, rtol=0.1)
    assert found.blur == pytest.approx(0.5, abs=0.1)
    rest = added[0] - plain()
    colour = (rest - luminance(rest)[..., None])[:, 64:192]
    assert 0.1 < colour.std() / luminance(rest)[:, 64:192].std() < 0.3
    halves = [grained(plain(), grain, 1, (WIDTH // 2, HEIGHT // 2), (7, n)) for n in range(3)]
    assert measured(halves, 0).blur > 0.9


def film_of(
    folder: Path, grain: float | None, name: str, source: Sequence[np.ndarray]
) -> tuple[Path, list[str]]:
    """Encode clean frames with the grain of a source film, None for as they are.

    Returns what was said, too.
    """
    clip, lines = folder / "clip.mkv", []
    media.write_raw(clip, [to_bytes(frame) for frame in source], rate=12)
    store = FrameStore(folder / "store")
    read, facts, manifest = media.extracted(clip, store, cuts=[2 / 12])
    clean = replace(manifest, frames=["0" * 64] * len(manifest.frames))
    painted = Store(folder / "painted")
    painted.write(clean.frames[0], to_pixels(plain()))
    given: dict[str, Any] = {}
    if grain is not None:
        look = config_with(grain=grain, seed=3).looks["default"]
        size = WIDTH, HEIGHT
        given["change"] = film_grain(manifest, store, size, [look] * 2, lines.append)
    output = folder / name
    encode(clean, facts, read, painted, clean.frames, output, LOSSLESS, media.quiet, **given)
    return output, lines


def test_the_film_has_the_grain_of_its_source(tmp_path: Path) -> None:
    """Other noise in each frame; the same bytes each time; without grain those of clean frames."""
    source = noisy(4 / 255, count=4)
    once, lines = film_of(tmp_path, 1, "once.mp4", source)
    assert [line.split(":")[0] for line in lines] == ["shot 1", "shot 2"]
    frames = np.stack(media.decoded(once)) / 255
    rest = np.stack([luminance(frame) for frame in (frames - plain()).astype(np.float32)])
    assert 255 * rest.std() == pytest.approx(4, rel=0.1)
    assert abs(np.corrcoef(rest[0].ravel(), rest[1].ravel())[0, 1]) < 0.05
    again, _ = film_of(tmp_path, 1, "again.mp4", source)
    assert again.read_bytes() == once.read_bytes()
    without, silent = film_of(tmp_path, 0, "without.mp4", source)
    bare, _ = film_of(tmp_path, None, "bare.mp4", source)
    assert without.read_bytes() == bare.read_bytes() and silent == []
    twice, _ = film_of(tmp_path, 2, "twice.mp4", source)
    assert (np.stack(media.decoded(twice)) / 255 - plain()).std() > 1.8 * rest.std()
