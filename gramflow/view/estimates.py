"""What a job needs of a machine, estimated before it runs, for the schedulers of clusters.

All estimates are meant to be a little high. One that is too low costs little: every finished frame
is kept, so a job that was ended for its memory or time goes on, with more of them, where it was.
"""

from math import ceil

from gramflow.base.memory import in_bytes

THREADS = 8
"""Cores of a painting job where Snakemake does not share out those of one machine."""

_STARTED_MB = 1500  # Python with TensorFlow and the network; measured 1000
_MARGIN = 1.2  # over the limit that tiles are fitted to
_PAINTING_MB = 2500  # per megapixel, features and gradients of VGG-16; measured 1900 to 2200
_FRAMES_AT_ONCE = 100  # that ffmpeg's decoder, filters and encoder hold at most
_SECONDS = 1.0  # per megapixel and evaluation, on a GPU of the smaller kind
_FILM_SECONDS = 0.3  # per megapixel; an 8-bit PNG is written in 0.1, a 16-bit one read in 0.06
_FLOW_SECONDS = 4.0  # per megapixel, both flows and their match on a CPU core; measured 2.5 to 3.5
_BLOCKS_SECONDS = 0.5  # per frame of any size, to match its blocks; measured .2 to .5
_MINUTES = 10  # to start a container, to load the libraries, to find the network's weights


def painting_threads(cores: int | None, gpus: int | None) -> int:
    """Cores of a painting job.

    cores, gpus: what Snakemake shares out, of one machine; None where a cluster does that.
    """
    if cores is None or not gpus:
        return min(cores or THREADS, THREADS)
    return max(cores // gpus, 1)


def network_mb(width: int, height: int, memory: str | None = None) -> int:
    """Megabytes that a picture of this size needs in a network, its gradient included.

    memory: the config's limit, which a greater picture keeps by tiles; None where each machine
    finds its own. One that nothing can be painted in does not count: the job has to live long
    enough to say so.
    """
    whole = _STARTED_MB + ceil(_PAINTING_MB * _megapixels(width, height))
    if memory is None:
        return whole
    limit = max(in_bytes(memory) // 10**6, _STARTED_MB)
    return min(whole, ceil(_MARGIN * limit))


def film_mb(width: int, height: int) -> int:
    """Megabytes to decode or encode a film of this size."""
    return 1000 + ceil(3 * _FRAMES_AT_ONCE * _megapixels(width, height))


def painting_minutes(width: int, height: int, evaluations: float) -> int:
    """Minutes to paint with so many evaluations of the whole size."""
    return _MINUTES + ceil(_SECONDS * _megapixels(width, height) * evaluations / 60)


def film_minutes(width: int, height: int, frames: int) -> int:
    """Minutes to decode or encode a film, every frame's PNG included."""
    return _MINUTES + ceil(_FILM_SECONDS * _megapixels(width, height) * frames / 60)


def flow_minutes(width: int, height: int, frames: int) -> int:
    """Minutes to find the flow between all frames of a film of this size, in both directions."""
    seconds = _FLOW_SECONDS * _megapixels(width, height) + _BLOCKS_SECONDS
    return _MINUTES + ceil(seconds * frames / 60)


def frames_mb(width: int, height: int, frames: int, bits: int) -> int:
    """Megabytes of so many frames in the store, as if PNG could not make them smaller.

    bits: per channel, of which up to 8 take one byte.
    """
    return ceil(3 * ceil(bits / 8) * _megapixels(width, height) * frames)


def _megapixels(width: int, height: int) -> float:
    return width * height / 1e6
