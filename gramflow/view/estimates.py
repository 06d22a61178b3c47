"""Estimates of a job's memory, time and disk space, for the schedulers of clusters.

Estimates aim to be a little high. One that is too low costs little: finished frames are kept, so a
job that was ended for its memory or time is retried with more, and continues where it stopped.
"""

from math import ceil

from gramflow.engine.memory import in_bytes
from gramflow.engine.stylizers import Effort
from gramflow.settings.config import Config
from gramflow.settings.looks import Look

THREADS = 8
"""CPU cores of a painting job on a cluster; their maximum on a machine without a GPU."""

LEARNING_MB = 1000
"""Megabytes of frames and examples that are kept while a stylizer learns."""

_STARTED_MB = 1500  # Python with TensorFlow and the network; measured 1000
_MARGIN = 1.2  # factor on the memory limit that tiles are fitted to
# per megapixel, features and gradients of VGG-16; measured 1900 to 2200, and 3600 on a processor on
# which convolutions copy neighbourhoods (see engine.backend): a job may come to any
_PAINTING_MB = 3800
_FRAMES_AT_ONCE = 100  # frames that ffmpeg's decoder, filters and encoder hold at most
_SECONDS = 1.0  # per megapixel and evaluation, on a small GPU
_FILM_SECONDS = 0.3  # per megapixel; an 8-bit PNG is written in 0.1, a 16-bit one read in 0.06
_FLOW_SECONDS = 4.0  # per megapixel: both flows and their match, on a CPU core; measured 2.5 to 3.5
_BLOCKS_SECONDS = 0.5  # per frame of any size: block matching; measured .2 to .5
_MINUTES = 10  # fixed: start a container, load the libraries, find the network's weights


def painting_threads(cores: int | None, gpus: int | None) -> int:
    """CPU cores of a painting job.

    cores, gpus: what Snakemake distributes, of one machine; None on a cluster.
    """
    if cores is None or not gpus:
        return min(cores or THREADS, THREADS)
    return max(cores // gpus, 1)


def network_mb(width: int, height: int, memory: str | None = None) -> int:
    """Megabytes to evaluate the network and its gradient on a picture of this size.

    memory: the config's limit, which larger pictures keep by tiling; None where each machine finds
        its own. A limit below the memory that a started process takes is raised to that: the job
        must live long enough to report that nothing can be painted.
    """
    whole = _STARTED_MB + ceil(_PAINTING_MB * _megapixels(width, height))
    if memory is None:
        return whole
    limit = max(in_bytes(memory) // 10**6, _STARTED_MB)
    return min(whole, ceil(_MARGIN * limit))


def film_mb(width: int, height: int) -> int:
    """Megabytes to decode or encode a film of this size."""
    return 1000 + ceil(3 * _FRAMES_AT_ONCE * _megapixels(width, height))


def effort_of(config: Config, look: Look, size: tuple[int, int]) -> Effort:
    """What painting a render costs, as its stylizer says. size: width and height in pixels."""
    plugin = config.registry.find("stylizers", look.stylizer["name"])
    alone, (width, height) = look.evaluations_of(1, 1), size
    effort: Effort = plugin.cls.effort(plugin.settings(look.stylizer), alone, width * height)
    return effort


def evaluations_of(look: Look, effort: Effort, frames: int, anew: int) -> float:
    """Maximum cost of painting frames, in evaluations at the full size.

    frames: their number. anew: how many of them start without a painted neighbour.
    """
    if effort.frame is not None:
        return effort.frame * frames
    return look.evaluations_of(frames, anew)


def training_minutes(width: int, height: int, effort: Effort) -> int:
    """Minutes that a render's stylizer learns; an hour where it does not know."""
    if effort.training is None:
        return 60
    return painting_minutes(width, height, effort.training)


def painting_minutes(width: int, height: int, evaluations: float) -> int:
    """Minutes to paint.

    evaluations: number of evaluations of the loss, in units of one at the full size.
    """
    return _MINUTES + ceil(_SECONDS * _megapixels(width, height) * evaluations / 60)


def film_minutes(width: int, height: int, frames: int) -> int:
    """Minutes to decode or encode a film, reading or writing every frame's PNG included."""
    return _MINUTES + ceil(_FILM_SECONDS * _megapixels(width, height) * frames / 60)


def flow_minutes(width: int, height: int, frames: int) -> int:
    """Minutes to compute the flow between all consecutive frames, in both directions."""
    seconds = _FLOW_SECONDS * _megapixels(width, height) + _BLOCKS_SECONDS
    return _MINUTES + ceil(seconds * frames / 60)


def frames_mb(width: int, height: int, frames: int, bits: int) -> int:
    """Megabytes of the frames in the store, if PNG could not compress them.

    bits: per channel; up to 8 take one byte, more take two.
    """
    return ceil(3 * ceil(bits / 8) * _megapixels(width, height) * frames)


def _megapixels(width: int, height: int) -> float:
    return width * height / 1e6
