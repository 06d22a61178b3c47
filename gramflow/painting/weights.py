"""The network's weights: downloaded, from a file, bundled with the package, or random."""

import os
import socket
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gramflow import bundled
from gramflow.base.errors import GramflowError
from gramflow.base.files import file_digest
from gramflow.base.progress import WARNING, Say
from gramflow.engine.networks import Network, Source, load_weights
from gramflow.film.identity import Weights, bundled_weights, random_weights

PATIENCE = 10.0
"""Seconds without an answer after which a download is given up."""


def source_of(weights: Weights) -> Source:
    """Where `networks.build` loads these weights from; None for random ones.

    Raises GramflowError when the file is gone, or when the file or the bundled weights are no
    longer those that were found.
    """
    if weights.source == "bundled":
        if bundled.identity() != weights.identity:
            raise GramflowError(
                "weights: this gramflow bundles others than the one that found them; install "
                "the same version everywhere, or delete work/weights.*.json and run again"
            )
        return "bundled"
    if weights.path is None:
        return None
    path = Path(weights.path)
    if not path.is_file():
        raise GramflowError(
            f"weights: {path} is gone; bring it back, or delete work/weights.*.json and run again"
        )
    if file_digest(path) != weights.identity:
        raise GramflowError(f"weights: {path} was replaced; run again")
    return path


def resolve(setting: str, name: str, network: Network, layers: Iterable[str], say: Say) -> Weights:
    """Find the weights that the config asks for; check that a file of weights fits the network.

    setting: auto, imagenet, bundled, random, or the path of an .h5 file.
    name, network: the network's name in the config, and the network.
    layers: the layers that the looks need; if the bundled network has them all, it replaces a
        failed download of auto.
    Raises GramflowError when the weights cannot be obtained.
    """
    if setting == "random":
        return random_weights(name)
    if setting == "bundled":
        return bundled_weights()
    if setting == "imagenet":
        return _checked(name, "imagenet", download(network, say), network)
    if setting == "auto":
        return _imagenet_or_bundled(name, network, layers, say)
    return _checked(name, "file", Path(setting), network)


def _imagenet_or_bundled(name: str, network: Network, layers: Iterable[str], say: Say) -> Weights:
    try:
        return _checked(name, "imagenet", download(network, say), network)
    except GramflowError as error:
        lacking = sorted(set(layers) - set(bundled.LAYERS))
        if lacking:
            raise GramflowError(
                f"{error}; the bundled VGG-19 cannot stand in, it has no {lacking[0]}"
            ) from error
        warning = (
            f"{error}; until then the bundled VGG-19 is used. To try the download again, delete "
            "work/weights.*.json"
        )
        say(f"{WARNING}{warning}")
        return replace(bundled_weights(), warning=warning)


def _checked(name: str, source: str, path: Path, network: Network) -> Weights:
    load_weights(network.architecture(), path)
    identity = file_digest(path)
    return Weights(name, source, str(path), identity)


def download(network: Network, say: Say) -> Path:
    """Path of Keras's own ImageNet weights, cached or downloaded, verified by their hash if known.

    Raises GramflowError when the network has none, and when the server does not answer within
    PATIENCE seconds or sends a wrong file.
    """
    if not network.weights_url:
        raise GramflowError(
            f"weights: there are none to download for {type(network).__name__}, it has no "
            "weights_url; set weights to the path of an .h5 file, or to random"
        )
    from keras.utils import get_file

    url, name = network.weights_url, network.weights_url.rsplit("/", 1)[-1]
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    try:
        home.mkdir(parents=True, exist_ok=True)  # else Keras takes /tmp
        if not (home / "models" / name).is_file():
            say(f"downloading {name} (once)")
            _await_answer(url)
        with _patience():
            return Path(
                get_file(
                    name,
                    url,
                    cache_dir=home,
                    cache_subdir="models",
                    file_hash=network.weights_hash or None,
                )
            )
    except Exception as error:  # Keras raises a bare Exception when the server cannot be reached
        reason = " ".join(str(error).split()) or type(error).__name__
        raise GramflowError(
            f"weights: {name} could not be downloaded ({reason}); connect to the internet, or set "
            "weights to the path of that file, or to bundled (with network: vgg19)"
        ) from error


def _await_answer(url: str) -> None:
    """Raise OSError when the server does not answer within PATIENCE seconds.

    A thread asks, since looking up a host's name has no time limit of its own.
    """
    failures: list[Exception] = [TimeoutError(f"no answer for {PATIENCE:.0f} seconds")]

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            # this limit only ends the thread; nobody waits for it any more by then
            urllib.request.urlopen(request, timeout=2 * PATIENCE).close()
            failures.clear()
        except OSError as error:
            failures[0] = error

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if failures:
        raise failures[0]


@contextmanager
def _patience() -> Iterator[None]:
    """Limit waiting on sockets to PATIENCE seconds; Keras's download would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
