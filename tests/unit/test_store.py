"""The store with several jobs writing at once, as on a disk that nodes share."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np

from gramflow.store import Store, Writer

WRITER = """
import sys
from pathlib import Path
import numpy as np
from gramflow.store import Store

store = Store(Path(sys.argv[1]))
pixels = np.full((256, 256, 3), 40_000, np.uint16)
for _ in range(15):
    for key in ("aa1", "aa2", "bb1"):
        store.write(key, pixels, "how it came about")
"""


def test_jobs_that_write_the_same_frames_at_once_leave_them_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command) for _ in range(3)]
    store, seen = Store(tmp_path), 0
    while any(writer.poll() is None for writer in writers):
        for key in ("aa1", "aa2", "bb1"):
            if key in store:
                pixels = store.read(key)
                assert pixels.shape == (256, 256, 3) and (pixels == 40_000).all()
                assert store.note(key) == "how it came about"
                seen += 1
    assert all(writer.wait() == 0 for writer in writers) and seen
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == [
        "aa1.png",
        "aa2.png",
        "bb1.png",
    ]
    assert np.array_equal(store.read("aa1"), store.read("bb1"))


def test_a_writer_writes_all_of_them_a_few_at_a_time(tmp_path):
    found = Store(tmp_path)
    writer = Writer(found, threads=3)
    pictures = {f"{n:02x}" * 32: np.full((40, 50, 3), n, np.uint8) for n in range(20)}
    finished = []
    for given, (key, pixels) in enumerate(pictures.items()):
        writer.write(key, pixels, done=partial(finished.append, key))
        assert given - len(finished) < 3
    writer.settle()
    assert sorted(finished) == sorted(pictures)
    for key, pixels in pictures.items():
        assert np.array_equal(found.read(key), pixels)
