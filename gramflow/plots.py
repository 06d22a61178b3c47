"""Pictures of numbers."""

from collections.abc import Sequence
from pathlib import Path

from gramflow.files import appearing
from gramflow.records import Record


def plot_loss(records: Sequence[Record], path: Path) -> None:
    """The loss of a render as a PNG: of every frame as it fell, and at the end along the film."""
    from matplotlib.figure import Figure

    frames = [frame for record in records for frame in record.frames if frame["losses"]]
    figure = Figure(figsize=(10, 4), layout="constrained")
    falling, along = figure.subplots(1, 2)
    for frame in frames:
        falling.plot(*zip(*frame["losses"], strict=True), color="tab:blue", alpha=0.2, lw=0.8)
    final = [frame["losses"][-1][1] for frame in frames]
    along.plot([frame["frame"] for frame in frames], final, ".-", lw=0.8)
    falling.set(xlabel="evaluations", ylabel="loss", yscale="log", title="every frame")
    along.set(xlabel="frame", ylabel="final loss", ylim=(0, None), title="along the film")
    if records:
        figure.suptitle(f"{records[0].render}, {records[0].weights['source']} weights")
    with appearing(path) as temporary:
        # no software version in the file: the same numbers are the same bytes
        figure.savefig(temporary, metadata={"Software": None})
