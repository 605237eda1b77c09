"""`report.html`: what a batch read, what failed and why, how sure it is, and the lines to check first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from statistics import median
from urllib.parse import quote

from .._storage import write_atomically
from .._text_files import printable
from .journal import Counts, Journal
from .worker import page_file

TO_CHECK = 1000  # lines
FAILURES = 1000  # that are listed
BINS = 20
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #2a6fb0; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; } td, th { border-bottom: 1px solid var(--line); padding: .3rem .6rem;
text-align: left; vertical-align: top; overflow-wrap: anywhere; } td.number, th.number { text-align: right;
font-variant-numeric: tabular-nums; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; } dd { margin: 0; }
svg { width: 100%; height: 11rem; } rect { fill: var(--bar); } svg text { font-size: 11px; fill: currentColor; }
"""


@dataclass
class _Summary:
    """Figures of the pages that were read, gathered in one pass."""

    lines: int = 0
    blank: int = 0
    seconds: list[float] = field(default_factory=list)
    bins: list[int] = field(default_factory=lambda: [0] * BINS)
    #: Confidence, order, text, page, file.
    worst: list[tuple[float, int, str, str, str]] = field(default_factory=list)


def write_report(path: Path, journal: Journal, suffix: str, model: str) -> None:
    """Write the report. suffix: of result files. model: names of the models. Raises `StorageError`."""
    summary, counts = _summary(journal, suffix), journal.counts()
    failures = list(journal.failures())
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Transcription</title><style>{_STYLE}</style>",
        "<meta name=viewport content='width=device-width'><h1>Transcription</h1>",
        _figures(summary, counts, model),
        "<h2>Confidence of the lines</h2>",
        _histogram(summary.bins),
        _failures(failures),
        _to_check(summary.worst),
        "</html>\n",
    ]
    write_atomically(path, "".join(parts).encode())


def _summary(journal: Journal, suffix: str) -> _Summary:
    summary = _Summary()

    def lines() -> Iterator[tuple[float, int, str, str, str]]:
        for page in journal.pages():
            summary.seconds.append(page.seconds)
            summary.blank += not page.rows
            file = page_file(page.name, page.number if page.several else None, suffix)
            address = printable(page.address)
            where = f"{address}, page {page.number}" if page.several else address
            for row in page.rows:
                summary.lines += 1
                summary.bins[min(int(row.confidence * BINS), BINS - 1)] += 1
                yield row.confidence, summary.lines, row.text, where, file

    summary.worst = heapq.nsmallest(TO_CHECK, lines())
    return summary


def _figures(summary: _Summary, counts: Counts, model: str) -> str:
    figures = [("Pages", f"{counts.done:,} read, {counts.failed:,} failed, {counts.waiting:,} waiting")]
    figures += [("Lines", f"{summary.lines:,}; {summary.blank:,} pages have none")]
    if summary.seconds:
        mean = sum(summary.seconds) / len(summary.seconds)
        text = f"{mean:.2f} s of one worker (median {median(summary.seconds):.2f} s): {3600 / mean:,.0f} pages per hour"
        figures.append(("Cost of a page", text))
    figures.append(("Models", model))
    items = "".join(f"<dt>{name}<dd>{escape(value)}" for name, value in figures)
    return f"<dl>{items}</dl>"


def _histogram(bins: list[int]) -> str:
    highest, width = max(*bins, 1), 600 / BINS
    parts = ["<svg viewBox='0 0 600 150' preserveAspectRatio=xMinYMid role=img aria-label='Histogram of confidences'>"]
    for number, count in enumerate(bins):
        height = 120 * count / highest
        low, high = number / BINS, (number + 1) / BINS
        title = f"<title>{low:.0%} to {high:.0%}: {count:,} lines</title>"
        x = number * width + 1
        parts.append(f"<rect x={x:.1f} y={130 - height:.1f} width={width - 2:.1f} height={height:.1f}>{title}</rect>")
    labels = "".join(
        f"<text x={600 * tick / 4:.0f} y=146 text-anchor={anchor}>{tick / 4:.0%}</text>"
        for tick, anchor in enumerate(("start", "middle", "middle", "middle", "end"))
    )
    return "".join([*parts, labels, f"<text x=0 y=10>{highest:,} lines</text></svg>"])


def _failures(failures: list[tuple[str, int | None, str, str]]) -> str:
    if not failures:
        return ""
    kinds = Counter(kind for _, _, kind, _ in failures)
    rows = "".join(f"<tr><td>{escape(kind)}<td class=number>{count:,}" for kind, count in kinds.most_common())
    listed = "".join(f"<tr><td>{escape(kind)}<td>{escape(reason)}" for _, _, kind, reason in failures[:FAILURES])
    return (
        f"<h2>Failures by reason</h2><table><tr><th>Reason<th class=number>Pages{rows}</table>"
        "<p>After repairing what can be repaired, repeat the command with <code>--retry-failed</code>.</p>"
        f"<details><summary>The first {min(len(failures), FAILURES):,}</summary>"
        f"<table><tr><th>Reason<th>Message{listed}</table></details>"
    )


def _to_check(worst: list[tuple[float, int, str, str, str]]) -> str:
    rows = "".join(
        f"<tr><td class=number>{confidence:.1%}<td dir=auto>{escape(text) or '<i>no text</i>'}"
        f"<td><a href='{quote(file, safe='/')}'>{escape(where)}</a>"
        for confidence, _, text, where, file in worst
    )
    return (
        f"<h2>The {len(worst):,} lines to check first</h2>"
        f"<table><tr><th class=number>Confidence<th>Text<th>Page{rows}</table>"
    )
