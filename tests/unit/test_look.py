"""The benchmark of looks: the peers' mathematics, and what a trial leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.look import blind
from benchmarks.peers import Adam, fixed_step_lbfgs, root_trace, scales, variation

ROOT = Path(__file__).parents[2]


def test_sizes_rise_by_the_root_of_two():
    assert scales(128, 384) == [136, 192, 272, 384]
    assert scales(128, 100) == [100]


def test_trace_of_a_root_and_its_slope():
    random = np.random.default_rng(0)
    factor = random.normal(size=(40, 6))
    matrix = (factor.T @ factor / 40 + 0.1 * np.eye(6)).astype(np.float32)
    values, vectors = np.linalg.eigh(matrix)
    with tf.GradientTape() as tape:
        at = tf.constant(matrix)
        tape.watch(at)
        trace = 3 * root_trace(at)
    assert float(trace) == pytest.approx(3 * np.sqrt(values).sum(), rel=1e-5)
    slope = 3 * (vectors / (2 * np.sqrt(values))) @ vectors.T
    np.testing.assert_allclose(tape.gradient(trace, at), slope, atol=1e-4)


def test_variation_of_a_ramp():
    """A step of 1 from column to column, none at the edges."""
    ramp = np.tile(np.arange(4, dtype=np.float32), (3, 1))[None, ..., None]
    straight = 3 * 3 / (3 * 4)  # three of four columns, in every row
    across = 4 * 3 / (4 * 5)
    assert float(variation(ramp)) == pytest.approx(2 * (straight / 3 + 2 * across / 12))


def test_adam_is_kerass_within_the_bounds():
    start = np.random.default_rng(0).uniform(0.7, 0.9, (1, 5, 6, 3)).astype(np.float32)
    variable = keras.Variable(start)
    theirs = keras.optimizers.Adam(0.02, beta_1=0.9, beta_2=0.99, epsilon=1e-8)
    ours = Adam(start)
    reached = [start]
    for _ in range(12):
        theirs.apply([variable - 0.5], [variable])
        ours.update(ours.at - np.float32(0.5))
        reached.append(ours.at)
    np.testing.assert_allclose(ours.at, variable, atol=1e-5)
    shares = 0.99 ** np.arange(12, -1, -1)
    mean = np.average(reached, axis=0, weights=shares)
    np.testing.assert_allclose(ours.mean, mean, atol=1e-6)


def test_lbfgs_without_a_line_search_finds_a_minimum():
    curvature = np.geomspace(0.5, 200, 30).astype(np.float32)
    calls = []

    def function(at):
        calls.append(at)
        return float(curvature @ (at - 1) ** 2 / 2), curvature * (at - 1)

    found = fixed_step_lbfgs(function, np.zeros(30, np.float32), 60, 100)
    assert len(calls) == 60
    np.testing.assert_allclose(found, 1, atol=1e-3)


def test_a_trial_and_its_blind_pairs(tmp_path):
    from gramflow.media.pictures import read_picture, to_pixels
    from gramflow.store.png import encode_png

    random = np.random.default_rng(0)
    for name, size in (("frame", (32, 40)), ("style", (40, 36))):
        picture = random.uniform(size=(*size, 3))
        (tmp_path / f"{name}.png").write_bytes(encode_png(to_pixels(picture)))
    out = tmp_path / "out"
    command = (
        *(sys.executable, "-m", "benchmarks.look"),
        *("--contents", f"{tmp_path}/frame.png", "--styles", f"{tmp_path}/style.png"),
        *("--looks", "{mine: {preset: draft, losses: {gram: {weight: 5}}}}"),
        *("--size", "40", "--effort", "0.02", "--out", f"{out}"),
    )
    subprocess.run(command, cwd=ROOT, env={**os.environ, "SHARED": "/nowhere"}, check=True)
    (pair,) = json.loads((out / "look.json").read_text())["pairs"]
    names = [result["painter"] for result in pair["results"]]
    assert names == ["mine", "crowsonkb", "neural-style-pt"]
    assert [result["evaluations"] for result in pair["results"]] == [4, 4, 6]
    pictures = {
        result["painter"]: read_picture(out / result["picture"]) for result in pair["results"]
    }
    assert {picture.shape for picture in pictures.values()} == {(32, 40, 3)}
    blind(out, seed=3)
    key = json.loads((out / "key.json").read_text())
    assert len(key) == 3
    for name, told in key.items():
        sheet = read_picture(out / "blind" / name)[-40:-8]
        np.testing.assert_array_equal(sheet[:, :40], pictures[told["left"]])
        np.testing.assert_array_equal(sheet[:, 48:88], pictures[told["right"]])
