"""Weights as they can be had: served, served wrongly, not at all, or a file of one's own."""

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramflow import bundled
from gramflow.base.errors import GramflowError
from gramflow.base.progress import Say
from gramflow.engine.networks import VGG16, VGG19, Network, Source, build, reference
from gramflow.film.identity import Weights, bundled_weights, random_weights
from gramflow.media.pictures import read_picture, resize
from gramflow.painting import weights
from gramflow.painting.weights import resolve as resolved
from gramflow.painting.weights import source_of
from tests.support.media import SHARED
from tests.support.plain_moments import distance
from tests.support.plain_vgg import save_weights

pytestmark = pytest.mark.usefixtures("device", "cache")

EXACT = SHARED / "weights/vgg19_imagenet_notop.h5"
KERNEL = np.random.default_rng(5).normal(size=(3, 3, 3, 8)).astype(np.float32)
BIAS = np.arange(8, dtype=np.float32)


class Tiny(VGG16):
    """One convolution."""

    layers: ClassVar = ("conv",)

    def architecture(self) -> Any:
        import keras

        picture = keras.Input((None, None, 3))
        layer = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")
        return keras.Model(picture, layer(picture), name="tiny")


def network(server: str, file: Path) -> Tiny:
    """The network whose weights are `file` on the server."""
    tiny = Tiny()
    tiny.weights_url = f"{server}/tiny.h5"
    tiny.weights_hash = hashlib.md5(file.read_bytes()).hexdigest()
    return tiny


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Keras keeps downloads."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in Keras's layout, which the server serves."""
    (tmp_path / "served").mkdir()
    save_weights({"conv": (KERNEL, BIAS)}, tmp_path / "served" / "tiny.h5")
    return tmp_path / "served" / "tiny.h5"


@pytest.fixture
def server(tmp_path: Path, file: Path) -> Iterator[str]:
    handler = partial(Quiet, directory=str(file.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that takes calls and never answers; the patience with it is a tenth."""
    assert weights.PATIENCE == 10
    monkeypatch.setattr(weights, "PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def resolve(setting: str, tiny: Network, say: Say, layers: Sequence[str] = ("conv",)) -> Weights:
    return resolved(setting, "tiny", tiny, layers, say)


def refused(setting: str, tiny: Network) -> str:
    """The one line by which the setting is refused."""
    with pytest.raises(GramflowError) as caught:
        resolve(setting, tiny, print)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_download_is_checked_and_kept(server: str, file: Path, cache: Path) -> None:
    lines: list[str] = []
    tiny = network(server, file)
    found = resolve("imagenet", tiny, lines.append)
    identity = hashlib.sha256(file.read_bytes()).hexdigest()
    assert found == Weights("tiny", "imagenet", str(cache / "tiny.h5"), identity)
    assert lines == ["downloading tiny.h5 (once)"]
    layer = build(tiny, Path(found.path or ""), ["conv"], "average").get_layer("conv")
    assert np.array_equal(layer.get_weights()[0], KERNEL)
    # the second time it is not served any more, and need not be
    file.unlink()
    assert resolve("auto", tiny, lines.append) == found
    assert len(lines) == 1


def test_a_download_of_another_file_is_refused(server: str, file: Path) -> None:
    tiny = network(server, file)
    file.write_bytes(b"<html>Please log in to this network.</html>")
    line = refused("imagenet", tiny)
    assert line.startswith("weights: tiny.h5 could not be downloaded (")
    assert "hash" in line
    # and is not taken for the right one afterwards
    assert refused("imagenet", tiny) == line


def test_a_server_without_the_file(server: str, file: Path) -> None:
    tiny = network(server, file)
    file.unlink()
    assert "404" in refused("imagenet", tiny)


def test_a_silent_server_is_given_up(silent: str, file: Path) -> None:
    started = time.monotonic()
    assert "no answer for 1 seconds" in refused("imagenet", network(silent, file))
    assert time.monotonic() - started < 3


def test_a_download_that_stops_is_given_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server answers, sends a part, and says no more."""

    class Stopping(Quiet):
        def copyfile(self, source: Any, output: Any) -> None:
            output.write(source.read(1000))
            time.sleep(4)

    monkeypatch.setattr(weights, "PATIENCE", 1.0)
    handler = partial(Stopping, directory=str(file.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        tiny = network(f"http://127.0.0.1:{http.server_port}", file)
        started = time.monotonic()
        line = refused("imagenet", tiny)
        assert "could not be downloaded" in line
        assert time.monotonic() - started < 4
        http.shutdown()


def test_auto_goes_on_with_the_bundled_network(silent: str, file: Path) -> None:
    lines: list[str] = []
    found = resolve("auto", network(silent, file), lines.append, ["block4_conv3"])
    assert replace(found, warning="") == bundled_weights()
    assert (found.network, found.path) == ("vgg19", None)
    assert "delete work/weights.*.json" in found.warning
    assert lines[-1] == f"WARNING: {found.warning}"


def test_auto_where_the_bundled_network_lacks_a_layer(silent: str, file: Path) -> None:
    with pytest.raises(GramflowError, match="cannot stand in, it has no block5_conv2"):
        resolve("auto", network(silent, file), print, ["block1_conv1", "block5_conv2"])


class Own(Network):
    """A plugin's network, which says of no weights that they could be downloaded."""

    layers: ClassVar = ("conv",)


def test_auto_where_none_are_published() -> None:
    line = refused("auto", Own())
    assert "weights: there are none to download for Own" in line
    assert "has no conv" in line


def test_imagenet_where_none_are_published() -> None:
    assert "no weights_url; set weights to" in refused("imagenet", Own())


def test_a_file_of_ones_own(file: Path) -> None:
    identity = hashlib.sha256(file.read_bytes()).hexdigest()
    assert resolve(str(file), Tiny(), print) == Weights("tiny", "file", str(file), identity)


@pytest.mark.parametrize("shape", [(3, 3, 3, 4), (1, 1, 3, 8)])
def test_a_file_for_another_network(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "other.h5"
    save_weights({"conv": (np.zeros(shape, np.float32), np.zeros(shape[-1], np.float32))}, path)
    line = refused(str(path), Tiny())
    assert line.startswith(f"weights: {path} does not hold the weights of tiny without top (")


def test_a_file_with_more_layers(tmp_path: Path) -> None:
    path = tmp_path / "other.h5"
    save_weights({"conv": (KERNEL, BIAS), "more": (KERNEL, BIAS)}, path)
    assert "does not hold the weights of tiny" in refused(str(path), Tiny())


def test_text_named_h5(tmp_path: Path) -> None:
    path = tmp_path / "text.h5"
    path.write_text("Dear diary\n")
    assert "give a *_notop.h5 file" in refused(str(path), Tiny())


def _linked(file: Any, path: Path) -> None:
    import h5py

    file["conv"] = h5py.ExternalLink(path.name, "conv")


def _stored_outside(file: Any, path: Path) -> None:
    file.create_dataset("conv/conv/kernel:0", (8,), "f4", external=[(str(path), 0, 32)])


def _virtual(file: Any, path: Path) -> None:
    import h5py

    layout = h5py.VirtualLayout((8,), "f4")
    layout[:] = h5py.VirtualSource(str(path), "conv/conv/bias:0", shape=(8,))
    file.create_virtual_dataset("conv/conv/kernel:0", layout)


def _inflated(file: Any, _: Path) -> None:
    file.create_dataset("conv/conv/kernel:0", (1 << 40,), "f4", chunks=(1 << 20,))


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (_linked, "it refers to other files"),
        (_stored_outside, "it refers to other files"),
        (_virtual, "it refers to other files"),
        (_inflated, "its arrays have more than 2147483648 bytes"),
    ],
)
def test_a_hostile_file(
    file: Path, tmp_path: Path, made: Callable[[Any, Path], None], told: str
) -> None:
    """Nothing of another file becomes weights; a small file is not inflated to terabytes."""
    import h5py

    path = tmp_path / "hostile.h5"
    with h5py.File(path, "w") as hostile:
        made(hostile, file)
    assert path.stat().st_size < 100_000
    assert told in refused(str(path), Tiny())


def test_other_kinds_of_files_with_weights_are_not_read(tmp_path: Path) -> None:
    """Keras's archives, which hold code of layers, too."""
    path = tmp_path / "tiny.keras"
    with ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    assert "give a *_notop.h5 file" in refused(str(path), Tiny())


def test_random_ones_need_nothing() -> None:
    assert resolve("random", Tiny(), print) == random_weights("tiny")


def test_saves_and_loads(tmp_path: Path) -> None:
    found = Weights("tiny", "random", None, "random", "a warning")
    found.save(tmp_path / "weights.json")
    assert Weights.load(tmp_path / "weights.json") == found


# -- bundled -----------------------------------------------------------------------------------


def test_others_than_those_that_were_found() -> None:
    with pytest.raises(GramflowError, match="bundles others than the one that found them"):
        source_of(replace(bundled_weights(), identity="other"))


def test_the_readme_states_the_bundled_file() -> None:
    assert bundled.identity() in bundled.FILE.parent.joinpath("README.md").read_text()


@given(st.integers(0, 2**32 - 1), st.floats(1e-30, 1e3))
def test_rounding_moves_a_weight_by_half_a_step(seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    kernel = (scale * random.normal(size=(3, 3, 2, 4))).astype(np.float32)
    kernel[..., 1] = 0
    found, bias = bundled.restored(bundled.quantised("conv", kernel, BIAS[:4]), "conv")
    step = np.abs(kernel).max((0, 1, 2)) / 127
    assert np.all(np.abs(found - kernel) <= 0.501 * step)
    assert np.array_equal(bias, BIAS[:4])


@pytest.mark.skipif(not EXACT.is_file(), reason="the shared test material is not there")
def test_bundled_features_are_those_of_the_exact_weights() -> None:
    vgg, layers = VGG19(), ["block1_conv1", "block3_conv1", "block5_conv1"]
    picture = vgg.preprocess(reference(seed=3, size=96))
    exact, rounded = (
        build(vgg, source, layers, "average")(picture) for source in (EXACT, "bundled")
    )
    for layer in layers:
        wanted, found = (np.asarray(features[layer]) for features in (exact, rounded))
        error = np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2))
        assert error < 0.03, layer


@pytest.mark.skipif(not EXACT.is_file(), reason="the shared test material is not there")
def test_bundled_losses_are_those_of_the_exact_weights() -> None:
    """Between a photograph and a style; as means and covariances, and as Gram matrices."""
    vgg, layers = VGG19(), ["block1_conv1", "block3_conv1", "block5_conv1"]
    files = SHARED / "data/sintel_easy/frame_0002.png", SHARED / "data/seed/starry_night.jpg"
    pictures = [vgg.preprocess(resize(read_picture(file), 128, 96)) for file in files]

    def losses(source: Source) -> list[float]:
        features = [build(vgg, source, layers, "average")(each) for each in pictures]
        of, style = [{n: np.asarray(f[n][0], np.float64) for n in layers} for f in features]
        grams = [[np.tensordot(f[n], f[n], ((0, 1), (0, 1))) for f in (of, style)] for n in layers]
        return [distance(of[n], style[n]) for n in layers] + [
            float(np.sum((a - b) ** 2) / np.sum(b**2)) for a, b in grams
        ]

    np.testing.assert_allclose(losses("bundled"), losses(EXACT), rtol=0.03)
