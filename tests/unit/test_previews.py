"""Which pictures a preview has, and where they are on its sheet."""

import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.commands.options import changes
from gramflow.view.grid import Row, grid
from gramflow.view.previews import drafted, shot_frames, swept
from tests.support.renders import config_with, manifest_of


def test_every_shot_has_its_middle_frame() -> None:
    film = manifest_of(range(20), shots=(0, 10, 13))
    assert shot_frames(film, 4) == [4, 11, 16]


def test_of_many_shots_some_are_taken_from_the_whole_film() -> None:
    film = manifest_of(range(100), shots=range(0, 100, 10))
    assert shot_frames(film, 4) == [4, 34, 64, 94]
    assert shot_frames(film, 1) == [4]


def test_a_draft_is_narrower_and_keeps_the_aspect() -> None:
    look = config_with(width=640, height=480, evaluations=40).looks["default"]
    draft = drafted(look, 256)
    assert (draft.width, draft.height, draft.evaluations) == (256, 192, 15)
    assert draft.losses == look.losses
    assert drafted(draft, 640) == draft


def test_a_sweep_is_every_combination_and_changes_nothing_else() -> None:
    entry = {"preset": "draft", "losses": {"content": {"weight": 9, "normalize": True}}}
    found = swept(entry, {"losses.content.weight": [1, 2], "seed": [3, 4]})
    assert [list(settings.values()) for settings, _ in found] == [[1, 3], [1, 4], [2, 3], [2, 4]]
    for settings, changed in found:
        content = {"weight": settings["losses.content.weight"], "normalize": True}
        expected = {"preset": "draft", "losses": {"content": content}, "seed": settings["seed"]}
        assert changed == expected
    assert entry["losses"] == {"content": {"weight": 9, "normalize": True}}


def test_assignments_become_the_entry_of_a_look() -> None:
    given = ["losses.gram.weight=30", "losses.gram.layers={block1_conv1: 1}", "start=content"]
    gram = {"weight": 30, "layers": {"block1_conv1": 1}}
    assert changes(given) == {"losses": {"gram": gram}, "start": "content"}
    with pytest.raises(GramflowError, match="give a setting and its value"):
        changes(["seed=1", "seed.more=2"])


def test_a_grid_has_its_pictures_at_their_places() -> None:
    """Eight pixels apart, below their captions, in the right size, of either depth."""
    red = np.zeros((20, 40, 3), np.uint8)
    red[..., 0] = 255
    blue = np.zeros((10, 10, 3), np.uint16)
    blue[..., 2] = 65535
    drawn = grid([Row("one", [red, None]), Row("two", [None, blue])], 20, ["a", "b"])
    assert drawn.shape == (24 + (24 + 10 + 8) + (24 + 20 + 8), 8 + 2 * (20 + 8), 3)
    assert (drawn[48:58, 8:28] == (255, 0, 0)).all()
    assert (drawn[90:110, 36:56] == (0, 0, 255)).all()
    paper = drawn[-1, -1]
    assert (drawn[48:58, 28:] == paper).all() and (drawn[90:110, :36] == paper).all()
    assert (drawn[:24] != paper).any() and (drawn[24:48] != paper).any()  # words


def test_a_long_caption_is_not_cut() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    narrow = grid([Row("a", [picture])], 10)
    wide = grid([Row("a caption of a good many words", [picture])], 10)
    assert narrow.shape[1] < wide.shape[1]
    assert (wide[:, -8:] == wide[-1, -1]).all()
