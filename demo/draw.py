"""Draws the demo's clip, with sound, and its style picture: `python demo/draw.py`.

Both are committed, so nobody needs to run this; it shows that they are nobody else's work.
"""

import wave
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import ffmpeg
import numpy as np

from gramflow.media.ffmpeg import binary

HERE = Path(__file__).parent
WIDTH, HEIGHT, FPS, FRAMES = 320, 180, 12, 24
RATE = 44100


def draw_frame(time: float) -> np.ndarray:
    """A boat on a bay at sunset, RGB, `time` from 0 to 1."""
    scale = 4  # drawn large, then averaged down
    height, width = HEIGHT * scale, WIDTH * scale
    horizon = int(0.56 * height)
    rows = np.linspace(0, 1, horizon)[:, None, None]
    picture = np.empty((height, width, 3), np.float32)
    picture[:horizon] = (1 - rows) * (70, 110, 190) + rows * (250, 190, 120)
    depth = np.linspace(0, 1, height - horizon)[:, None, None]
    picture[horizon:] = (1 - depth) * (200, 150, 120) + depth * (20, 60, 110)
    sun = int(0.7 * width), int(horizon * (0.62 + 0.12 * time))
    cv2.circle(picture, sun, int(0.085 * height), (255, 235, 160), -1, cv2.LINE_AA)
    _draw_hills(picture, horizon, time)
    _draw_waves(picture, horizon, time)
    _draw_boat(picture, horizon, time)
    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)


def _draw_hills(picture: np.ndarray, horizon: int, time: float) -> None:
    height, width = picture.shape[:2]
    x = np.arange(width)
    for far, colour in ((0.6, (110, 110, 150)), (1.0, (60, 90, 80))):
        shift = 0.05 * far * time
        ridge = 0.09 * np.sin(5 * far * (x / width + shift) + 2 * far)
        ridge += 0.03 * np.sin(17 * (x / width + shift) + 5 * far)
        top = horizon - height * (0.11 / far + ridge * far)
        top = np.minimum(top, horizon)
        outline = np.concatenate([np.stack([x, top], 1), [[width, horizon], [0, horizon]]])
        cv2.fillPoly(picture, [outline.astype(np.int32)], colour, cv2.LINE_AA)


def _draw_waves(picture: np.ndarray, horizon: int, time: float) -> None:
    height, width = picture.shape[:2]
    random = np.random.default_rng(1)
    for near, place, phase in random.uniform(0, 1, (160, 3)):
        y = int(horizon + near**1.6 * (height - horizon))
        x = int((place + 0.06 * time * (0.3 + near)) % 1 * width)
        length = int(width * (0.01 + 0.05 * near))
        bright = 0.5 + 0.5 * np.sin(2 * np.pi * (2 * time + phase))
        glitter = np.exp(-(((x / width - 0.7) / 0.12) ** 2))
        colour = np.array((60, 110, 160)) + bright * (60 + 100 * glitter) * np.array((1, 0.85, 0.5))
        axes = length, max(int(length * 0.14), 1)
        cv2.ellipse(picture, (x, y), axes, 0, 0, 360, colour.tolist(), -1, cv2.LINE_AA)


def _draw_boat(picture: np.ndarray, horizon: int, time: float) -> None:
    height, width = picture.shape[:2]
    size = 0.30 * height
    roll = 0.06 * np.sin(2 * np.pi * time)
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    bob = 0.012 * height * np.sin(4 * np.pi * time)
    middle = np.array([width * (0.22 + 0.2 * time), horizon + 0.17 * height + bob])
    shapes = [
        ([[-0.6, 0], [0.65, 0], [0.4, 0.24], [-0.42, 0.24]], (120, 45, 35)),
        ([[0.02, -0.06], [0.02, -1.25], [0.55, -0.1]], (245, 235, 215)),
        ([[-0.05, -0.06], [-0.05, -1.05], [-0.5, -0.12]], (215, 90, 60)),
    ]
    for points, colour in shapes:
        outline = (np.array(points) * size) @ turn.T + middle
        cv2.fillPoly(picture, [outline.astype(np.int32)], colour, cv2.LINE_AA)


def draw_style(width: int = 512, height: int = 384) -> np.ndarray:
    """Thick strokes that follow a swirling field, RGB: night blue, teal, ochre and cream."""
    random = np.random.default_rng(3)
    centres = random.uniform(0.1, 0.9, (6, 2)) * (width, height)
    turns = np.array([1, -1, 1, 1, -1, -1]) * random.uniform(0.7, 1.3, 6)
    palette = np.array(
        [
            (24, 40, 92),
            (38, 78, 140),
            (54, 128, 150),
            (120, 170, 170),
            (222, 168, 60),
            (246, 226, 170),
        ]
    )
    picture = np.full((height, width, 3), palette[0], np.float32)
    for length, thick, count in ((40, 11, 1400), (30, 7, 2600), (20, 4, 3600)):
        for place in random.uniform(0, 1, (count, 2)) * (width, height):
            nearest = np.min(np.hypot(*(centres - place).T)) / (0.22 * width)
            tone = np.clip(5 * np.exp(-(nearest**2)) + random.normal(0, 0.8), 0, 5)
            colour = palette[round(tone)] + random.normal(0, 12, 3)
            path = _follow(place, centres, turns, length, 0.3 * width)
            cv2.polylines(
                picture, [path], False, np.clip(colour, 0, 255).tolist(), thick, cv2.LINE_AA
            )
    return np.rint(picture).astype(np.uint8)


def _follow(
    place: np.ndarray, centres: np.ndarray, turns: np.ndarray, length: int, reach: float
) -> np.ndarray:
    """A line of `length` pixels along the field of whirls around the centres."""
    points = [place]
    for _ in range(length // 4):
        away = points[-1] - centres
        strength = turns * np.exp(-np.sum(away**2, 1) / reach**2)
        around = np.stack([-away[:, 1], away[:, 0]], 1)
        field = strength @ around + np.array((0.3, 0.1))
        points.append(points[-1] + 4 * field / np.hypot(*field))
    return np.rint(points).astype(np.int32)


def sing(path: Path) -> None:
    """A short tune as a WAV file, as long as the clip."""
    notes = (392, 494, 587, 784, 587, 494)
    seconds = FRAMES / FPS
    time = np.arange(int(seconds * RATE)) / RATE
    step = seconds / len(notes)
    index = np.minimum((time / step).astype(int), len(notes) - 1)
    within = time - index * step
    pitch = np.array(notes)[index]
    tone = np.sin(2 * np.pi * pitch * within) + 0.3 * np.sin(4 * np.pi * pitch * within)
    loud = (
        np.minimum(within / 0.01, 1) * np.exp(-4 * within) * np.minimum((step - within) / 0.01, 1)
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((tone * loud * 12000).astype("<i2").tobytes())


def main() -> None:
    """Write demo/boat.mp4 and demo/whirls.jpg."""
    style = cv2.cvtColor(draw_style(), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(HERE / "whirls.jpg"), style, [cv2.IMWRITE_JPEG_QUALITY, 90])
    with TemporaryDirectory() as folder:
        tune = Path(folder) / "tune.wav"
        sing(tune)
        frames = ffmpeg.input(
            "pipe:", format="rawvideo", pix_fmt="rgb24", s=f"{WIDTH}x{HEIGHT}", r=FPS
        )
        film = ffmpeg.output(
            frames,
            ffmpeg.input(str(tune)),
            str(HERE / "boat.mp4"),
            vcodec="libx264",
            crf=18,
            pix_fmt="yuv420p",
            acodec="aac",
            audio_bitrate="96k",
        )
        pixels = b"".join(draw_frame(n / FRAMES).tobytes() for n in range(FRAMES))
        film.run(cmd=binary(), input=pixels, overwrite_output=True, quiet=True)


if __name__ == "__main__":
    main()
