"""A flow by a network in an ONNX file; the networks are made here, with known answers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from gramflow.base.errors import GramflowError
from gramflow.engine.learned import ONNX
from gramflow.engine.trust import match
from gramflow.settings.config import load


def network(
    path: Path,
    size: tuple[int | str, int | str] = ("height", "width"),
    scale: float = 1.0,
    pool: int = 8,
    kind: int = TensorProto.FLOAT,
    outputs: tuple[str, ...] = ("coarse", "early", "flow"),
) -> Path:
    """A network whose flow is red of the first picture less red of the second, and its green.

    It gives a smaller and a wrong one before, as RAFT does.
    """
    shape = [1, 3, *size]
    names = ("frame", "other")
    inputs = [helper.make_tensor_value_info(n, kind, shape) for n in names]
    nodes = [
        helper.make_node("Split", [name], [f"{name}_r", f"{name}_g", f"{name}_b"], axis=1)
        for name in names
    ]
    nodes += [
        helper.make_node("Sub", ["frame_r", "other_r"], ["x"]),
        helper.make_node("Concat", ["x", "frame_g"], ["plain"], axis=1),
        helper.make_node("Mul", ["plain", "scale"], ["flow"]),
        helper.make_node("Neg", ["flow"], ["early"]),
        helper.make_node(
            "AveragePool", ["flow"], ["coarse"], kernel_shape=[pool] * 2, strides=[8, 8]
        ),
        helper.make_node("Identity", ["frame"], ["picture"]),
    ]
    constants = [helper.make_tensor("scale", kind, [], [scale])]
    given = [helper.make_tensor_value_info(n, kind, None) for n in outputs]
    graph = helper.make_graph(nodes, "flow", inputs, given, constants)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.save(model, path)
    return path


def flow(path: Path, **settings: float) -> ONNX:
    return ONNX(ONNX.Settings(weights=str(path), **settings))


def flat(red: float, green: float, height: int = 40, width: int = 50) -> np.ndarray:
    return np.broadcast_to(np.float32([red, green, 0.5]), (height, width, 3)).copy()


def test_the_last_of_the_largest_outputs_is_the_flow(tmp_path: Path) -> None:
    # the network sees 64x64, so that 50 columns and 40 rows are fewer pixels of motion
    found = flow(network(tmp_path / "a.onnx")).between(flat(0.9, 0.5), flat(0.25, 0.1))
    assert found.shape == (40, 50, 2)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[..., 0], 0.65 * 50 / 64, rtol=1e-4)
    np.testing.assert_allclose(found[..., 1], 0.5 * 40 / 64, rtol=1e-4)


def test_a_network_of_a_fixed_size_sees_the_pictures_in_it(tmp_path: Path) -> None:
    path = network(tmp_path / "a.onnx", size=(80, 200))
    found = flow(path).between(flat(0.9, 0.5), flat(0.25, 0.1))
    np.testing.assert_allclose(found[..., 0], 0.65 * 50 / 200, rtol=1e-4)
    np.testing.assert_allclose(found[..., 1], 0.5 * 40 / 80, rtol=1e-4)


def test_the_network_sees_its_own_black_and_white(tmp_path: Path) -> None:
    path = network(tmp_path / "a.onnx")
    found = flow(path, white=1.0, black=-1.0).between(flat(0.9, 0.5), flat(0.25, 0.75))
    np.testing.assert_allclose(found[..., 0], 2 * 0.65 * 50 / 64, rtol=1e-4)
    np.testing.assert_allclose(found[..., 1], 0, atol=1e-6)
    found = flow(path, white=255.0).between(flat(0.9, 0.5), flat(0.25, 0.75))
    np.testing.assert_allclose(found[..., 0], 255 * 0.65 * 50 / 64, rtol=1e-4)


def test_the_flow_belongs_to_its_pixels(tmp_path: Path) -> None:
    """What moves on one side of the picture only."""
    left = np.broadcast_to(np.arange(64) < 32, (64, 64))
    frame = np.where(left[..., None], flat(0.9, 0, 64, 64), flat(0.2, 0, 64, 64))
    found = flow(network(tmp_path / "a.onnx")).between(frame, flat(0.2, 0, 64, 64))
    np.testing.assert_allclose(found[..., 0], np.where(left, 0.7, 0), atol=1e-6)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(GramflowError, match=r"flow onnx: .*a\.onnx is no network .* or choose"):
        flow(path).between(flat(0, 0), flat(0, 0))


def test_a_damaged_network_is_refused(tmp_path: Path) -> None:
    whole = network(tmp_path / "a.onnx").read_bytes()
    (tmp_path / "a.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GramflowError, match=r"a\.onnx is no network"):
        flow(tmp_path / "a.onnx").between(flat(0, 0), flat(0, 0))


def test_a_network_for_something_else_is_refused(tmp_path: Path) -> None:
    path = network(tmp_path / "a.onnx", outputs=("picture",))
    with pytest.raises(GramflowError, match=r"gives \(1, 3, 64, 64\), none of them \(1, 2"):
        flow(path).between(flat(0, 0), flat(0, 0))


def test_a_flow_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    path = network(tmp_path / "a.onnx", scale=float("inf"))
    with pytest.raises(GramflowError, match="not finite"):
        match(flow(path), flat(0, 0), flat(0, 0))


def test_a_network_that_fails_on_a_picture_says_its_size(tmp_path: Path) -> None:
    path = network(tmp_path / "a.onnx", pool=200)  # more than there is
    with pytest.raises(GramflowError, match=r"failed on pictures of 64 x 64 pixels .* smaller w"):
        flow(path).between(flat(0, 0), flat(0, 0))


def test_a_network_of_16_bits_is_refused(tmp_path: Path) -> None:
    path = network(tmp_path / "a.onnx", kind=TensorProto.FLOAT16)
    with pytest.raises(GramflowError, match=r"float16.* in 32 bits"):
        flow(path).between(flat(0, 0), flat(0, 0))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").write_bytes(b"film")
    (tmp_path / "red.png").write_bytes(b"picture")
    return {
        "videos": {"clip": {"path": "clip.mp4"}},
        "styles": {"red": {"images": ["red.png"]}},
        "weights": "random",
        "looks": {"default": {"flow": "onnx"}},
    }


def test_without_weights_the_config_says_where_some_are(config: dict) -> None:
    with pytest.raises(GramflowError, match=r"^looks\.default\.flow\.weights: missing.*NeuFlow"):
        load(config)


def test_without_the_library_the_config_says_how_to_install_it(
    config: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ONNX, "packages", {"onnxruntime_not_there": "onnxruntime>=1.20,<2"})
    with pytest.raises(GramflowError, match=r"^looks\.default\.flow: onnx needs .* -m pip inst"):
        load(config)


def test_so_does_it_for_a_loss_of_a_file(config: dict, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from gramflow.engine.losses import Loss\n"
        "class Judge(Loss):\n    'A loss.'\n    name = 'judge'\n"
        "    packages = {'nowhere': 'there'}\n"
    )
    config["looks"]["default"] = {"losses": {"judge": {}}}
    message = r"^looks\.default\.losses\.judge: judge needs nowhere, .* -m pip install 'there'$"
    with pytest.raises(GramflowError, match=message):
        load(config | {"plugins": ["mine.py"]})
