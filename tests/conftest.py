"""What several tests share."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.media import SHARED

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # the same numbers with and without a GPU
# a shell's background jobs ignore Ctrl-C, and so would all processes that the tests start
signal.signal(signal.SIGINT, signal.default_int_handler)
# a busy machine is no failure
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of material that is not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the shared folder with test material is absent")
    return SHARED


@pytest.fixture(scope="session")
def device() -> str:
    """TensorFlow, set up as in a job."""
    from gramflow.engine.backend import prepare

    return prepare(threads=2)
