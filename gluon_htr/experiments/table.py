"""Tables of experiments: the state of the runs while they train, and the comparison at the end."""

from __future__ import annotations

from collections.abc import Sequence

from .comparison import Row
from .following import Progress

MAX_NAME = 40  # columns
CHANGE = ("difference", "difference_low", "difference_high", "p", "verdict")
COLUMNS = ("run", "cer", "cer_low", "cer_high", "wer", *CHANGE)  # of results.tsv


def live_rows(progress: Sequence[Progress], width: int = 100) -> list[str]:
    """Return a line for each run, cut to the width of a terminal."""
    names = _width([one.name for one in progress])
    rows = [f"{'run':{names}}  {'state':8}  {'device':6}  {'step':>7}  {'loss':>8}  {'error':>8}  {'time':>8}"]
    for one in progress:
        loss = "" if one.loss is None else f"{one.loss:.4g}"
        row = f"{_cut(one.name):{names}}  {one.state:8}  {one.device:6}  {one.step or '':>7}  {loss:>8}  "
        rows.append(f"{row}{_percent(one.error):>8}  {_time(one.elapsed()):>8}  {one.message}".rstrip())
    return [row[: width - 1] for row in rows]


def summary(one: Progress) -> str:
    """Describe the state of a run in a line."""
    told: list[str] = [one.state]
    told += [f"on {one.device}"] if one.state == "running" else []
    told += [f"step {one.step}"] if one.step and one.state != "refused" else []
    told += [f"validation error {_percent(one.error)}"] if one.error is not None and one.state != "refused" else []
    return f"{one.name}: {', '.join(told)}" + f": {one.message}" * bool(one.message)


def result_rows(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the comparison. Rates in percent, each with its 95 % interval."""
    if not rows:
        return []
    names = _width([row.name for row in rows])
    against = f"difference to {_cut(rows[0].name)}"
    lines = [f"{'run':{names}}  {'CER':22}  {'WER':>8}  {against:26}  verdict"] if len(rows) > 1 else []
    lines = lines or [f"{'run':{names}}  {'CER':22}  {'WER':>8}"]
    for row in rows:
        cer = f"{100 * row.cer.value:.2f} % [{100 * row.cer.low:.2f}, {100 * row.cer.high:.2f}]"
        line = f"{_cut(row.name):{names}}  {cer:22}  {_percent(row.wer.value):>8}"
        if (found := row.difference) is not None:
            change = f"{100 * found.difference:+.2f} [{100 * found.low:+.2f}, {100 * found.high:+.2f}]"
            line += f"  {change:{max(26, len(against))}}  {row.verdict}"
        lines.append(line.rstrip())
    return [*lines, f"{'n':{names}}  {rows[0].samples} samples"]


def as_tsv(rows: Sequence[Row]) -> str:
    """Return the comparison as tab-separated proportions."""
    lines = ["\t".join(COLUMNS)]
    for row in rows:
        found = row.difference
        change = [found.difference, found.low, found.high, found.p] if found else [None] * 4
        figures = [row.cer.value, row.cer.low, row.cer.high, row.wer.value, *change]
        cells = ["" if figure is None else f"{figure:.6f}" for figure in figures]
        lines.append("\t".join([row.name, *cells, row.verdict or ""]))
    return "".join(f"{line}\n" for line in lines)


def _width(names: Sequence[str]) -> int:
    return max(4, *(len(_cut(name)) for name in names))


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
