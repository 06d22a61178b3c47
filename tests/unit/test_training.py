"""What a killed training finds again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gramflow.engine.stylizers import Checkpoint, Stylizer
from gramflow.painting.training import trained


class Counting(Stylizer):
    """Counts to three, and is killed on its way, as often as `kills` says."""

    name = "counting"
    kills = 0

    def __init__(self) -> None:
        self.began: list[int] = []

    def train(self, say: Any, checkpoint: Checkpoint) -> dict[str, Any]:  # type: ignore[override]
        """Keep each number."""
        count = int(checkpoint.found.get("count", 0))
        self.began.append(count)
        while count < 3:
            count += 1
            checkpoint.keep({"count": np.array(count)})
            if self.kills:
                self.kills -= 1
                raise KeyboardInterrupt
        return {"count": np.array(count)}


@pytest.fixture
def counting(tmp_path: Path) -> Counting:
    """A stylizer whose training has been stopped at its first step."""
    made = Counting()
    made.kills = 1
    with pytest.raises(KeyboardInterrupt):
        trained(made, tmp_path / "begun.npz", "films", lambda line: None)
    return made


def go_on(counting: Counting, begun: Path, purpose: str) -> list[str]:
    """Train again; return what is said."""
    lines: list[str] = []
    learnt = trained(counting, begun, purpose, lines.append)
    assert {name: int(array) for name, array in learnt.items()} == {"count": 3}
    return lines


def test_training_goes_on_where_it_was_stopped(counting: Counting, tmp_path: Path) -> None:
    assert go_on(counting, tmp_path / "begun.npz", "films") == []
    assert counting.began == [0, 1]


def test_what_was_learnt_for_another_purpose_is_left_out(
    counting: Counting, tmp_path: Path
) -> None:
    go_on(counting, tmp_path / "begun.npz", "other films")
    assert counting.began == [0, 0]


@pytest.mark.parametrize("rest", [0, 20, 200])
def test_a_damaged_checkpoint_is_left_out(counting: Counting, tmp_path: Path, rest: int) -> None:
    begun = tmp_path / "begun.npz"
    begun.write_bytes(begun.read_bytes()[:rest])
    assert go_on(counting, begun, "films") == [f"{begun}: damaged; training begins again"]
    assert counting.began == [0, 0]
