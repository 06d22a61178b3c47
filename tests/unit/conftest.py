"""What all tests of this folder share."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _set_up(device: str) -> None:
    """Set TensorFlow up before any test computes, since a process can do so only once.

    Whichever tests a process gets, and in whatever order.
    """
