"""Image transformation networks, and the ONNX models that they are written as."""

from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from gramflow.bundled import networks
from gramflow.engine import transformer
from gramflow.engine.portable import onnx_model
from gramflow.live.painter import Painter
from gramflow.media.pictures import from_pixels, to_bytes
from tests.support.media import textured

FIELD = transformer.reach(2)

CARD = {"name": "noise", "licence": "MIT"}


@pytest.fixture(scope="module")
def model() -> Any:
    """A small network whose weights are all random, so that every layer changes the result."""
    made, random = transformer.build(8, 2, seed=1), np.random.default_rng(0)
    made.set_weights(
        [
            each + random.normal(0, 0.05, each.shape).astype(np.float32)
            for each in made.get_weights()
        ]
    )
    return made


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((1, height, width, 3), np.float32)


def paint(model: Any, frames: NDArray[np.float32], memory: int | None = None) -> Any:
    return np.stack([transformer.painted(model, frame, memory) for frame in frames])


def test_a_network_starts_as_a_copy() -> None:
    frame = noise(16, 24)
    assert np.array_equal(paint(transformer.build(16, 3, seed=0), frame), frame)


def test_a_pixel_depends_on_its_surroundings_only(model: Any) -> None:
    """So a part of a picture, cut at a multiple of the stride, is painted as in the whole."""
    frame = noise(128, 144)
    part = paint(model, frame[:, 8:120, 12:140])
    whole = paint(model, frame)
    assert np.abs(whole - frame).max() > 0.05
    inner = np.abs(part - whole[:, 8:120, 12:140])[:, FIELD:-FIELD, FIELD:-FIELD]
    assert inner.size and inner.max() < 1e-5


def test_strips_are_painted_as_the_whole(model: Any) -> None:
    frame = noise(101, 40)
    rows = transformer.rows_within(700_000, 40)
    assert rows % 4 == 0 and 8 < rows < 50
    assert np.allclose(paint(model, frame, 700_000), paint(model, frame), atol=1e-6)
    assert transformer.rows_within(None, 40) > 10**5 and transformer.rows_within(1, 40) == 4


@pytest.mark.parametrize("size", [(49, 56), (50, 53), (51, 55)])
def test_frames_of_any_size_are_painted(model: Any, size: tuple[int, int]) -> None:
    """What is far from the added border is as in a frame that needs none."""
    frame = noise(*size)
    painted = paint(model, frame)
    assert painted.shape == frame.shape
    assert np.allclose(painted[:, :8, :8], paint(model, frame[:, :48, :52])[:, :8, :8], atol=1e-5)


def test_weights_are_kept_as_arrays(model: Any) -> None:
    arrays = transformer.arrays_of(model)
    assert transformer.shape_of(arrays) == (8, 2)
    frame = noise(16, 16)
    assert np.array_equal(paint(transformer.restored(arrays), frame), paint(model, frame))


def test_the_same_seed_gives_the_same_network() -> None:
    one, same, other = (transformer.arrays_of(transformer.build(8, 1, seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not np.array_equal(one["first/kernel"], other["first/kernel"])


def test_multiplications_are_counted(model: Any) -> None:
    """Of every convolution: those of its kernel, for each pixel that it gives."""
    arrays = transformer.arrays_of(model)
    strides = {"first": 2, "up": 2, "spread": 2, "last": 1}  # of the result; 4 for all others
    counted = sum(
        kernel.size / strides.get(name.removesuffix("/kernel"), 4) ** 2
        for name, kernel in arrays.items()
        if name.endswith("/kernel")
    )
    assert transformer.multiply_adds(8, 2) == pytest.approx(counted)


@pytest.mark.parametrize("size", [(16, 24), (36, 20)])
def test_the_onnx_model_paints_the_same(model: Any, size: tuple[int, int]) -> None:
    written = onnx_model(transformer.arrays_of(model), CARD)
    session = onnxruntime.InferenceSession(written)
    frame = noise(*size)
    (painted,) = session.run(["painted"], {"frame": frame})
    assert np.abs(painted - paint(model, frame)).max() < 1e-5
    assert session.get_modelmeta().custom_metadata_map == CARD


def test_live_video_is_painted_like_a_film(model: Any) -> None:
    pixels = to_bytes(noise(22, 34)[0])
    live = Painter(onnx_model(transformer.arrays_of(model), CARD), threads=1).paint(pixels, 1.0)
    film = to_bytes(np.clip(paint(model, from_pixels(pixels)[None])[0], 0, 1))
    assert np.abs(live.astype(int) - film.astype(int)).max() <= 1


@pytest.mark.parametrize("name", networks.names())
def test_the_networks_that_come_along_are_small_and_paint(name: str) -> None:
    model = networks.model(name)
    assert len(model) < 1e6
    painter = Painter(model, threads=1)
    assert (painter.card["name"], painter.card["style"]) == (name, name)
    assert painter.card["licence"] == "MIT"
    pixels = to_bytes(textured(seed=3))
    painted = painter.paint(pixels, 1.0)
    change = np.abs(painted.astype(int) - pixels).mean()
    assert 10 < change < 120 and painted.std() > 5
    half = painter.paint(pixels, 0.5).astype(int)
    assert np.abs(2 * half - painted.astype(int) - pixels).max() <= 3


def test_networks_come_along() -> None:
    assert networks.names() == ["ink", "mosaic", "oil"]
    with pytest.raises(KeyError):
        networks.model("watercolour")
