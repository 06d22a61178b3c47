"""The estimates, against what was measured and what they must do as pictures grow."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.engine.tiling import BASE
from gramflow.view import estimates

sizes = st.tuples(st.integers(16, 8000), st.integers(16, 8000))
counts = st.integers(1, 10_000)


@pytest.mark.parametrize(
    ("size", "measured"),
    [((320, 240), 1056), ((640, 480), 1562), ((1280, 720), 2735), ((1280, 720), 4337)],
)
def test_memory_is_above_what_a_frame_took_on_a_cpu_but_not_twice_as_much(size, measured):
    assert measured < estimates.network_mb(*size) < 2 * measured


@given(sizes, st.integers(2, 64))
def test_memory_keeps_the_limit_of_the_config(size, limit):
    limited = estimates.network_mb(*size, f"{limit}GB")
    assert limited in (estimates.network_mb(*size), limit * 1200)
    assert limited <= limit * 1200
    assert estimates.network_mb(*size, None) == estimates.network_mb(*size)


def test_a_limit_that_is_too_little_leaves_room_to_say_so():
    assert estimates.network_mb(8000, 8000, "1.5GiB") == 1932
    assert estimates.network_mb(8000, 8000, "1KB") > 1.2 * BASE / 1e6


def test_estimating_loads_no_tensorflow():
    """The main process estimates, too."""
    code = "import sys, gramflow.view.estimates; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("cores", "gpus", "expected"),
    [
        (16, 1, 16),  # one machine: all cores
        (16, 4, 4),  # shared out
        (2, 4, 1),
        (None, None, 8),  # a cluster
        (None, 4, 8),  # a cluster of which four GPUs are used
        (64, None, 8),  # a job on a node of it
        (2, None, 2),
        (4, 0, 4),
    ],
)
def test_threads(cores, gpus, expected):
    assert estimates.painting_threads(cores, gpus) == expected


def test_minutes_by_hand():
    # 6240 evaluations of half a megapixel, a second per megapixel
    assert estimates.painting_minutes(1000, 500, 6240) == 10 + 52
    assert estimates.film_minutes(1000, 500, 2400) == 10 + 6
    assert estimates.flow_minutes(1000, 500, 2400) == 10 + 100


def test_disk_by_hand():
    assert estimates.frames_mb(1000, 500, 10, bits=8) == 15
    assert estimates.frames_mb(1000, 500, 10, bits=10) == 30
    assert estimates.frames_mb(1000, 500, 10, bits=16) == 30


@settings(deadline=None)
@given(sizes, counts, counts, st.integers(1, 16))
def test_more_work_never_needs_less(size, frames, evaluations, factor):
    larger = (size[0] * factor, size[1])
    assert estimates.network_mb(*larger) >= estimates.network_mb(*size) > 0
    assert estimates.film_mb(*larger) >= estimates.film_mb(*size) > 0
    minutes = estimates.painting_minutes(*size, evaluations)
    assert estimates.painting_minutes(*larger, evaluations) >= minutes > 0
    assert estimates.painting_minutes(*size, evaluations * factor) >= minutes
    assert estimates.frames_mb(*size, frames * factor, 8) >= estimates.frames_mb(*size, frames, 8)
