"""Write the cards of the models that ship into docs/models.md, from what the bundles say of themselves.

    python scripts/model_cards.py

tests/documents/test_model_cards.py fails if the page and the bundles differ.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from gluon_htr.bundles.catalog import known_bundles  # noqa: E402
from gluon_htr.bundles.licenses import weights_license  # noqa: E402
from gluon_htr.bundles.schema import Card, Description, DetectionCard, Layout  # noqa: E402

PAGE = PROJECT / "docs" / "models.md"
BEGIN, END = "<!-- cards: written by scripts/model_cards.py -->", "<!-- end of the cards -->"


def page() -> str:
    """Return the page as it should be: the text around the cards as it is, the cards from the bundles."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{cards()}\n{END}{rest.partition(END)[2]}"


def cards() -> str:
    """Return a card for each model that ships."""
    shipped = [(entry, entry.describe()) for entry in known_bundles() if entry.origin == "shipped"]
    return "\n\n".join(card(about, entry.bytes) for entry, about in shipped)


def card(about: Description, size: int) -> str:
    """Describe a model: what it is for, what it cannot do, scores, training, data, license."""
    hours = sum(stage.hours for stage in about.stints)
    rows = [
        ("task", about.task),
        ("network", about.description),
        ("limitations", about.limitations or "not written down yet"),
        ("writes", _outputs(about)),
        ("size", f"{size / 1e6:.1f} MB, weights in {about.weights}"),
        ("license", weights_license(about.terms).words),
        (
            "trained",
            f"{sum(s.samples for s in about.stints):,} images in {hours:.1f} hours" if hours else "not recorded",
        ),
        ("machines", "; ".join(dict.fromkeys(stage.machine for stage in about.stints)) or "not recorded"),
    ]
    facts = "\n".join(f"- **{name}**: {text}" for name, text in rows)
    return f"### `{about.name}`\n\n{facts}\n\n{_scores(about)}\n\n{_data(about)}"


def _outputs(about: Description) -> str:
    if isinstance(about.model, Layout):
        return f"maps of {', '.join(about.model.channels)}"
    letters = "".join(about.model.alphabet)
    return f"{len(letters)} characters: `` {letters if len(letters) <= 100 else letters[:100] + '…'} ``"


def _scores(about: Description) -> str:
    cards = about.model.score_cards
    if about.task == "layout":
        head = "| lines of pages of | F1 by polygons | by baselines | precision | recall | n |"
        rows = [
            f"| `{c.data}` | {c.f1:.3f} | {c.baseline_f1:.3f} | {c.precision:.3f} | {c.recall:.3f} | {c.lines} |"
            for c in cards
            if isinstance(c, DetectionCard)
        ]
    else:
        head = "| greedy, on | CER | WER | n |"
        rows = [f"| `{c.data}` | {c.cer} | {c.wer} | {c.samples} |" for c in cards if isinstance(c, Card)]
    return "\n".join([head, "|" + " --- |" * (head.count("|") - 1), *rows])


def _data(about: Description) -> str:
    """List the training data by their terms: specs that differ only in settings count as one."""
    sources: dict[str, dict[str, None]] = {}
    for source in about.training_data:
        sources.setdefault(source.terms, {})[re.split(r"[?*]", source.data)[0]] = None
    rows = [f"- {terms}: {', '.join(f'`{name}`' for name in names)}" for terms, names in sources.items()]
    return "\n".join(["Trained on, by terms:", "", *rows])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
