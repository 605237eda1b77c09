"""Models in words: a row of a table for each, and all details of one."""

from __future__ import annotations

from collections.abc import Sequence

from .bundles.catalog import BundleEntry
from .bundles.languages import languages_of
from .bundles.licenses import weights_license
from .bundles.schema import AccuracyCard, Card, Description, DetectionCard, Layout, TrainingStage

HEAD = ("name", "for", "languages", "CER", "size", "license", "from")
TASKS = {"lines": "lines", "words": "single words", "characters": "single characters", "layout": "lines of pages"}
SHOWN = 4  # languages in a row


def row_of(entry: BundleEntry, about: Description) -> tuple[str, ...]:
    """Make the row of a bundle that is here."""
    codes, license = short_languages(languages(about)), weights_license(about.terms).spdx
    return (entry.name, TASKS[about.task], codes, _scores(about), megabytes(entry.bytes), license, entry.origin)


def table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...] = HEAD) -> str:
    """Align rows below their heads."""
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (head, *rows))


def languages(about: Description) -> list[str]:
    """Return the languages that a reader can write."""
    return [] if isinstance(about.model, Layout) else languages_of(about.model.alphabet)


def short_languages(codes: Sequence[str]) -> str:
    """List the first languages, and count the rest."""
    more = f" + {len(codes) - SHOWN}" if len(codes) > SHOWN else ""
    return ", ".join(codes[:SHOWN]) + more or "-"


def percent(cer: float | None) -> str:
    """Format a CER for a table."""
    return "-" if cer is None else f"{100 * cer:.1f} %"


def megabytes(count: int) -> str:
    """Format a size."""
    return f"{count / 1e6:.1f} MB"


def _scores(about: Description) -> str:
    """Format the lowest and the highest CER of the score cards, or of the figure that other tasks have instead."""
    figures, name = list[float](), ""
    for card in about.model.score_cards:
        if isinstance(card, Card):
            figures.append(card.cer.value)
        elif isinstance(card, AccuracyCard):
            figures, name = [*figures, card.accuracy.value], "accuracy "
        else:
            figures, name = [*figures, card.f1], "F1 "
    if not figures:
        return "-"
    low, high = percent(min(figures)), percent(max(figures))
    return name + (low if low == high else f"{low.removesuffix(' %')} to {high}")


def details(about: Description, entry: BundleEntry | None = None) -> str:
    """Word a whole description. entry: where the bundle is, if it has a name here."""
    head = f"{entry.name} ({entry.origin}, {entry.bytes / 1e6:.1f} MB, {entry.path})" if entry else about.name
    rows = [
        ("for", f"{about.task}: {about.description}"),
        ("license", weights_license(about.terms).words),
        *_outputs(about),
        *(("languages", ", ".join(codes)) for codes in [languages(about)] if codes),
        *(("scores", _card(card)) for card in about.model.score_cards),
        *(("limitations", text) for text in [about.limitations] if text),
        *(("trained", _stage(stage)) for stage in about.stints),
        *(("trained on", f"{source.data}: {source.terms}") for source in about.training_data),
    ]
    return "\n".join([head, *(f"  {name:12}{text}" for name, text in rows)])


def _outputs(about: Description) -> list[tuple[str, str]]:
    if isinstance(about.model, Layout):
        return [("channels", ", ".join(about.model.channels))]
    alphabet = "".join(about.model.alphabet)
    return [("alphabet", f"{len(alphabet)} characters: {alphabet[:100]}{'…' if len(alphabet) > 100 else ''}")]


def _card(card: Card | AccuracyCard | DetectionCard) -> str:
    digest = f" (samples {card.samples_sha256[:8]})" if card.samples_sha256 else ""
    if isinstance(card, Card):
        accuracy = card.levenshtein_accuracy
        figures = f"CER {card.cer}, WER {card.wer}, Levenshtein accuracy {accuracy}, n = {card.samples}"
    elif isinstance(card, AccuracyCard):
        figures = f"accuracy {card.accuracy}, without case {card.case_insensitive_accuracy}, n = {card.samples}"
    else:
        figures = (
            f"F1 {card.f1:.3f} by polygons, {card.baseline_f1:.3f} by baselines, precision {card.precision:.3f}, "
            f"recall {card.recall:.3f}, n = {card.lines} lines"
        )
    return f"{card.data}{digest}: {figures}"


def _stage(stage: TrainingStage) -> str:
    return f"{stage.samples:,} images in {stage.hours:g} hours; {stage.engine}; {stage.machine}"
