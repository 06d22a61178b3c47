"""The demo's tune."""

import wave
from pathlib import Path

import numpy as np

RATE = 44100
NOTES = (392, 494, 587, 784, 587, 494)
"""Frequencies of the notes in hertz."""


def sing(path: Path, seconds: float) -> None:
    """Write the tune as a WAV file; it is stretched to `seconds`."""
    time = np.arange(int(seconds * RATE)) / RATE
    step = seconds / len(NOTES)
    index = np.minimum((time / step).astype(int), len(NOTES) - 1)
    within = time - index * step
    pitch = np.array(NOTES)[index]
    tone = np.sin(2 * np.pi * pitch * within) + 0.3 * np.sin(4 * np.pi * pitch * within)
    rise, fall = np.minimum(within / 0.01, 1), np.minimum((step - within) / 0.01, 1)
    loud = rise * np.exp(-4 * within) * fall
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((tone * loud * 12000).astype("<i2").tobytes())
