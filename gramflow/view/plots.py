"""Plots of losses and of steadiness, as PNG files, and their numbers as tables."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gramflow.base.files import appearing
from gramflow.store.records import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gramflow.view.temporal import TemporalReport


def plot_loss(records: Sequence[Record], path: Path) -> None:
    """Plot a render's loss: of every frame over its evaluations, and at the end along the film."""
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
    _save(figure, path)


def write_losses(records: Sequence[Record], path: Path) -> None:
    """Write the numbers of `plot_loss` as CSV: a line for each recorded loss of each frame.

    Columns: frame, evaluations (at which the loss was recorded), loss.
    """
    with appearing(path) as temporary, temporary.open("w", encoding="ascii", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["frame", "evaluations", "loss"])
        for record in records:
            for frame in record.frames:
                table.writerows([frame["frame"], *recorded] for recorded in frame["losses"])


def plot_temporal(report: "TemporalReport", path: Path) -> None:
    """Plot a steadiness report along the film; a vertical line marks each flagged frame."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 11), layout="constrained")
    above, *others = figure.subplots(5, 1, sharex=True)
    above.plot(report.frames, report.errors, ".", ms=3, label="frame")
    above.axhline(report.median, color="tab:green", lw=0.8, label=f"median {report.median:.2g}")
    above.axhline(
        report.percentile_95, color="tab:orange", lw=0.8, label=f"95 % {report.percentile_95:.2g}"
    )
    above.plot([], [], color="tab:red", alpha=0.5, label=f"{len(report.flagged)} flagged")
    above.set(ylabel="temporal error", ylim=(0, None), title=report.render)
    along = np.multiply(report.dragged, report.followed)
    drawn: list[tuple[str, float, dict[str, Any]]] = [
        ("% of the picture", 100, {"flow is wrong": report.dragged, "and paint followed": along}),
        ("% of the picture", 100, {"trusted": report.trusted, "bare": report.bare}),
        ("times the first frame's", 1, {"content": report.content, "style": report.style}),
        ("drift in %", 100, {"brightness": report.brightness, "saturation": report.saturation}),
    ]
    for panel, (label, scale, lines) in zip(others, drawn, strict=True):
        for name, values in lines.items():
            if len(values):
                panel.plot(report.frames, np.multiply(values, scale), lw=0.8, label=name)
        panel.set(ylabel=label)
    others[-1].set(xlabel="frame")
    for panel in (above, *others):
        from_bottom_to_top = panel.get_xaxis_transform()
        panel.vlines(
            list(report.flagged), 0, 1, "tab:red", alpha=0.25, transform=from_bottom_to_top
        )
        if panel.get_legend_handles_labels()[0]:
            panel.legend(ncols=4)
    _save(figure, path)


def _save(figure: "Figure", path: Path) -> None:
    with appearing(path) as temporary:
        # leave out the software's version, so that equal numbers give equal bytes
        figure.savefig(temporary, metadata={"Software": None})
