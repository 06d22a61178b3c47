"""Keras computes with TensorFlow, or with what KERAS_BACKEND says, whatever its own settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gramflow
from tests.support.project import Project
from tests.support.tiny import make_project

PREPARED = "from gramflow.engine.backend import prepare; prepare(1); import keras"


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "code", ["from gramflow.engine import ops; ops.convert_to_tensor; import keras", PREPARED]
)
def test_the_default_is_tensorflow(tmp_path: Path, code: str) -> None:
    """An empty variable is none, for Keras, too."""
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    told = run(
        f"{code}; print(keras.backend.backend())", KERAS_HOME=str(tmp_path), KERAS_BACKEND=""
    )
    assert told.stdout == "tensorflow\n", told.stderr


def test_a_backend_that_is_not_installed_is_told() -> None:
    gone = "import sys; sys.modules['torch'] = None; "
    told = run(gone + PREPARED, KERAS_BACKEND="torch").stderr.splitlines()[-1]
    assert told == (
        "gramflow.base.errors.GramflowError: KERAS_BACKEND: PyTorch is not installed; install it "
        "(pip install 'gramflow[torch]'), or unset this environment variable"
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


def test_an_unknown_backend_is_told_before_anything_is_made(project: Project) -> None:
    output = project.run(fails=True, KERAS_BACKEND="theano").output
    assert output.splitlines()[-1] == (
        "ERROR: KERAS_BACKEND: there is no theano here; set this environment variable to "
        "tensorflow, torch or jax, or unset it, for TensorFlow"
    )
    command = [sys.executable, "-m", "gramflow", "doctor"]
    environment = os.environ | {"KERAS_BACKEND": "theano"}
    told = subprocess.run(
        command, cwd=project.folder, env=environment, text=True, capture_output=True, check=False
    )
    assert told.returncode == 1
    assert "WRONG   KERAS_BACKEND: there is no theano here; set" in told.stdout


@pytest.mark.parametrize("framework", ["tensorflow", "torch", "jax"])
def test_one_module_knows_each_framework(framework: str) -> None:
    """So that another one is another module."""
    root = Path(gramflow.__file__).parent
    words = (f"import {framework}", f"from {framework}")
    texts = {path.relative_to(root): path.read_text() for path in root.rglob("*.py")}
    found = {str(path) for path, text in texts.items() if any(word in text for word in words)}
    assert found == {f"engine/backend/{framework}.py"}
