"""Configures how TensorFlow and OpenCV use the machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def prepare(threads: int, gpu: bool = True) -> str:
    """Configure TensorFlow: thread count, deterministic operations, GPU memory grown on demand.

    Must be called before the process's first computation. OpenCV, which computes flow at the same
    time, gets one thread. gpu: whether to use a GPU where there is one. Returns a description of
    the device, such as "1 GPU" or "2 CPU threads".
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with _muted():
        import cv2
        import keras
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU") if gpu else []
    cv2.setNumThreads(1)
    keras.config.set_floatx("float32")  # whatever the user's own keras.json says
    keras.config.set_image_data_format("channels_last")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    tf.config.set_visible_devices(gpus, "GPU")
    for device in gpus:
        tf.config.experimental.set_memory_growth(device, True)
    return f"{len(gpus)} GPU" if gpus else f"{threads} CPU threads"


@contextmanager
def _muted() -> Iterator[None]:
    """Silence stderr, also for C++ code: TensorFlow's import prints a dozen lines there."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
