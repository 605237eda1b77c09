"""Score cards of a bundle, measured with its own graph on data that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

from ..bundles.schema import Card
from ..datasets.loading import Track, load_data
from ..datasets.provenance import public_name
from ..datasets.store import digest
from ..images.preprocessing import Preprocessing
from ..runtime.backends import LogitsFunction
from ..runtime.stores import read_store
from ..text.alphabet import Alphabet
from ..text.metrics import score
from .sources import card


def score_cards(
    network: LogitsFunction, alphabet: Alphabet, preprocessing: Preprocessing, specs: Sequence[str], track: Track
) -> tuple[Card, ...]:
    """Measure a card for each spec. Raises the errors of reading the data."""
    cards = []
    for spec in specs:
        store = load_data([spec], preprocessing, track=track, form=alphabet.normalization, like_inference=True)
        found = score(store.texts, read_store(network, store, alphabet), store.groups)
        cards.append(card(public_name(spec), found, digest(store.ids, store.texts)))
    return tuple(cards)
