"""Keras computes with TensorFlow whatever the user's own Keras is set to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gramflow


@pytest.mark.parametrize(
    "code",
    [
        "from gramflow.engine import ops; ops.convert_to_tensor; import keras",
        "from gramflow.engine.backend import prepare; prepare(1); import keras",
    ],
)
def test_the_backend_is_tensorflow(tmp_path: Path, code: str) -> None:
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    code += "; print(keras.backend.backend())"
    environment = os.environ | {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "torch"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert run.stdout == "tensorflow\n", run.stderr


def test_one_module_knows_tensorflow() -> None:
    """So that another backend is another module."""
    root = Path(gramflow.__file__).parent
    found = {
        path.name
        for path in root.rglob("*.py")
        if "import tensorflow" in path.read_text() or "from tensorflow" in path.read_text()
    }
    assert found == {"backend.py"}
