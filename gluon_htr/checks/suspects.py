"""Labels that a trained model finds unlikely, ranked: wrong ones are among the first.

The measure is the log-probability that CTC gives a label (Graves et al. 2006, section 4.1), compared with that of the
text that the model reads, by character. A hard image makes both unlikely, a wrong label only itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from .._storage import atomic_folder, write_atomically
from ..datasets.listing.rows import read_rows
from ..datasets.loading import Track, load_data, untracked
from ..datasets.preparation import decoded
from ..datasets.sample import Problem
from ..datasets.spec import open_spec, parse_spec
from ..datasets.store import Store
from ..decoding.alignment import NEVER, ctc_scores
from ..decoding.ctc import steps_needed
from ..decoding.greedy import GREEDY
from ..errors import DataError, ImageError, UsageError
from ..runtime.recognizer import Recognizer
from ..runtime.stores import windows
from ..text.alphabet import Alphabet
from .suspects_page import editing_page
from .tables import table

HEADER = ("path", "text", "group", "read", "gap", "id")
IMPOSSIBLE = 1000.0  # gap of a label that does not fit into the time steps of its image


class Suspect(msgspec.Struct, frozen=True):
    """A sample and its label. gap: nats by character between the label and the reading; 0 if they are the same."""

    id: str
    group: str
    text: str
    read: str
    gap: float


def find_suspects(model: Recognizer, specs: Sequence[str], track: Track = untracked) -> list[Suspect]:
    """Rank all samples, the most suspicious first.

    Raises the errors of loading data, `UsageError` if samples of several specs have the same id.
    """
    alphabet = model.alphabet
    store = _each_once(
        load_data(specs, model.preprocessing, track=track, form=alphabet.normalization, like_inference=True)
    )
    found = []
    with track("likelihoods", len(store)) as advance:
        for positions, batches in windows(model.network, store, joint=False):
            for logits in batches:
                texts = [store.texts[k] for k in positions]
                for k, (read, gap) in zip(positions, _gaps(logits, texts, alphabet)):
                    found.append(Suspect(store.ids[k], store.groups[k], store.texts[k], read, gap))
            advance(len(positions))
    return sorted(found, key=lambda one: -one.gap)


def _each_once(store: Store) -> Store:
    """Leave out repetitions of samples."""
    first: dict[str, int] = {}
    for position, identity in enumerate(store.ids):
        earlier = first.setdefault(identity, position)
        if store.texts[earlier] != store.texts[position]:
            raise UsageError(f"two samples are named {identity}: rank the suspects of each set on its own")
    return store if len(first) == len(store) else store.select(first.values())


def _gaps(logits: np.ndarray, texts: Sequence[str], alphabet: Alphabet) -> list[tuple[str, float]]:
    """Return what is read in each line, and how much likelier that is than its label, by character.

    Characters that the alphabet lacks are left out of a label: the model cannot know them.
    """
    highest = logits.max(axis=2, keepdims=True)
    scores = logits - highest
    log_probabilities = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    read = [line.text(alphabet) for line in GREEDY.decode(logits, alphabet)]
    known = ["".join(c for c in alphabet.normalize(text) if not alphabet.unknown(c)) for text in texts]
    best, own = (
        ctc_scores(log_probabilities, [alphabet.encode(text).tolist() for text in some]) for some in (read, known)
    )
    steps = logits.shape[1]
    found = []
    for text, label, likeliest, likelihood in zip(read, known, best.tolist(), own.tolist()):
        if likelihood <= NEVER / 2 or steps_needed(alphabet.shown(label)) > steps:
            found.append((text, IMPOSSIBLE))
        else:
            gap = max(0.0, likeliest - likelihood) / max(1, len(label), len(text))
            found.append((text, round(min(gap, IMPOSSIBLE), 4)))
    return found


def check_list(path: Path, share: float) -> None:
    """Raise `UsageError` for a bad name of a list, a bad share, or a folder of images that exists."""
    if not 0 < share <= 1 or path.suffix != ".tsv":
        raise UsageError(f"{path}, share {share}: give a .tsv file, and a share above 0 and at most 1")
    if path.with_suffix("").exists():
        raise UsageError(f"{path.with_suffix('')} exists already: name a new list")


def write_suspects(path: Path, ranked: Sequence[Suspect], specs: Sequence[str], share: float) -> int:
    """Write the first share of the samples as a list to correct, with their images in a new folder and a page to edit
    the texts beside it.

    Returns their number. Raises `UsageError` as `check_list` does.
    """
    check_list(path, share)
    folder = path.with_suffix("")
    worst = ranked[: max(1, round(share * len(ranked)))]
    places = {one.id: f"{folder.name}/{number:05}.png" for number, one in enumerate(worst, 1)}
    with atomic_folder(folder) as pictures:
        _write_pictures(pictures, places, specs)
    rows = [(places[one.id], one.text, one.group, one.read, f"{one.gap:.3f}", one.id) for one in worst]
    write_atomically(path, table(HEADER, rows))
    write_atomically(path.with_suffix(".html"), editing_page(path.name, HEADER, rows))
    return len(worst)


def _write_pictures(folder: Path, places: dict[str, str], specs: Sequence[str]) -> None:
    for spec in specs:
        for sample in open_spec(parse_spec(spec)):
            if sample.id in places:
                try:
                    Image.fromarray(decoded(sample)).save(folder / Path(places[sample.id]).name)
                except ImageError:  # it was decoded before: the file has just been removed
                    continue


def read_corrections(path: Path) -> dict[str, str]:
    """Return the texts of a list of suspects by the ids of the samples; an empty text means that it is left out.

    Raises `DataError` if it is not such a list.
    """
    problems: list[Problem] = []
    rows = read_rows(path, problems)
    if problems:
        raise DataError(f"{path}: {problems[0].id} {problems[0].reason}")
    if not rows or not all(row.columns.get("id") for row in rows):
        raise DataError(f"{path} has no column `id`: give a list that `gluon-htr doctor --suspects` wrote")
    return {row.columns["id"]: row.label.strip() for row in rows}
