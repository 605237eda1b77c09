"""Adaptation without labels, in rounds: read the lines with a language model, learn from the readings, read again.

This is self-training (Scudder 1965), with a language model that corrects the labels, as for speech in Kahn, Lee and
Hannun 2020. A round is kept only if what its network reads in lines held out, without the language model, is likelier
in the language than before, beyond chance. The lines held out are the same in all rounds, and none is learned from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from ..datasets.loading import Track
from ..datasets.store import Store
from ..decoding.beam_decoder import BeamDecoder
from ..errors import UsageError
from ..exporting.assembly import export_request
from ..exporting.calibration import reader_of
from ..exporting.request import ExportOptions, ExportRequest
from ..ngrams.files import LanguageModel
from ..runtime.loading import find_model, is_bundle, load_text_model
from ..runtime.recognizer import Recognizer
from ..training.holdout import choose_held_out
from ..training.initial_weights import default_preset
from ..training.runs import Run
from ..training.session import Session
from ..training.settings import Request
from ..training.team import Team
from .evidence import LanguageValidation
from .lines import HELD_OUT, LABELS, LEAST, ReadLine, confident, read_lines, write_labels

Say = Callable[[str], None]
Train = Callable[[Session], bool]


@dataclass(frozen=True)
class Settings:
    """How to adapt.

    output: the bundle to write. budget: seconds of training, of all rounds together. preset: by default the model's.
    """

    model: str
    output: Path
    budget: float
    preset: str | None = None
    rounds: int = 2
    engine: Literal["mxnet", "torch"] = "mxnet"
    seed: int = 0
    threads: int | None = None


@dataclass(frozen=True)
class Adaptation:
    """Result. perplexities: of the characters of the held-out lines, before, and after each round that was kept.

    lines: all with what is read in the end. bundle: the file that was written; None if nothing was kept.
    """

    lines: list[ReadLine]
    learned: int
    held_out: int
    perplexities: list[float]
    bundle: Path | None


def adapt(
    files: Sequence[tuple[Path, str]],
    model: LanguageModel,
    settings: Settings,
    say: Say,
    track: Track,
    train: Train,
) -> Adaptation | None:
    """Adapt a network to lines.

    files: pictures of lines in one folder, each with the page that it is from. model: of their language. train: trains
    a session to its end; it returns False if it is to stop earlier.

    Returns:
        What came of it; None if it was stopped.

    Raises:
        UsageError: There are too few lines.
        The errors of training and of writing a bundle.
    """
    folder = files[0][0].parent if files else Path()
    start, perplexities, learned, held_out = settings.model, list[float](), 0, frozenset[Path]()
    with TemporaryDirectory(prefix=".adapting-", dir=folder) as temporary:
        read = read_lines(files, _reader(start, settings, model))
        for number in range(1, settings.rounds + 1):
            chosen = confident(read)
            if len(chosen) < LEAST and number > 1:
                break
            if len(chosen) < LEAST:
                raise UsageError(
                    f"{len(chosen)} lines can be read with some confidence, of {len(files)}: too few to tell whether "
                    f"learning from them helps; give pages with {LEAST} or more, or texts to gluon-htr train"
                )
            if number == 1:
                held_out = _hold_out(chosen, folder / HELD_OUT, settings.seed)
            chosen = [line for line in chosen if line.file not in held_out]
            counted = f"{len(chosen)} of {len(files)} lines; {len(held_out)} are held out"
            say(f"round {number} of {settings.rounds}: learns from its readings of {counted}")
            write_labels(chosen, folder / LABELS)
            run = Path(temporary) / f"round{number}"
            session, judge = _trained(start, folder, run, model, settings, track, train)
            if session is None:
                return None
            learned = len(session.samples)
            perplexities = perplexities or judge.perplexities[:1]
            if not session.trainer.gained:
                break
            assert session.progress.best is not None
            perplexities.append(session.progress.best)
            start = str(run)
            read = read_lines(files, _reader(start, settings, model))
        bundle = None
        if start != settings.model:
            bundle = _export(Path(start), settings, say, track)
    (folder / HELD_OUT).unlink(missing_ok=True)
    write_labels(read, folder / LABELS)
    return Adaptation(read, learned, len(held_out), perplexities, bundle)


def _hold_out(lines: Sequence[ReadLine], path: Path, seed: int) -> frozenset[Path]:
    """Choose lines to judge all rounds by, and list them; their texts do not count."""
    is_held, _ = choose_held_out([line.origin for line in lines], seed)
    held_out = [line for line, is_out in zip(lines, is_held) if is_out]
    write_labels(held_out, path)
    return frozenset(line.file for line in held_out)


def _reader(model: str, settings: Settings, language: LanguageModel) -> Recognizer:
    engine = "onnx" if is_bundle(model) else settings.engine
    recognizer = load_text_model(model, engine, settings.threads)
    recognizer.decoder = BeamDecoder(language)
    return recognizer


def _trained(
    start: str,
    lines: Path,
    run: Path,
    model: LanguageModel,
    settings: Settings,
    track: Track,
    train: Train,
) -> tuple[Session | None, LanguageValidation]:
    """Train a round on the lists in the folder `lines`; the session is None if it was stopped."""
    request = Request(
        preset=settings.preset or default_preset(start),
        data=[f"listing:{lines / LABELS}"],
        validation=f"listing:{lines / HELD_OUT}",
        seed=settings.seed,
        engine=settings.engine,
        budget=settings.budget / settings.rounds,
        init=start,
    )
    judges: list[LanguageValidation] = []

    def judge(run: Run, store: Store, team: Team) -> LanguageValidation:
        judges.append(LanguageValidation(store, run.alphabet, model))
        return judges[-1]

    session = Session.open(request, run, threads=settings.threads, track=track, judge=judge)
    return (session if train(session) else None), judges[-1]


def _export(run: Path, settings: Settings, say: Say, track: Track) -> Path:
    """Write the bundle; its confidences are calibrated as those of the model it started from, if that is a bundle."""
    name = find_model(settings.model).stem
    options = ExportOptions(
        settings.output.stem,
        limitations=f"Adapted without labels to one hand, starting from {name}: not scored, as nobody knows the "
        "texts. Confidences are calibrated as before.",
    )
    request = ExportRequest(run, options, calibrated_as=reader_of(settings.model))
    export_request(request, settings.output, say, track)
    return settings.output
