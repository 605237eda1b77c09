"""Beam search finds what trying all texts finds, and reads as greedy decoding does where nothing speaks against it."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from language_models import VERSE, model_of

from gluon_htr.decoding.alignment import align, ctc_scores
from gluon_htr.decoding.beam import search
from gluon_htr.decoding.beam_decoder import BeamDecoder, log_softmax
from gluon_htr.decoding.decoder import JointDecoder, decode_texts
from gluon_htr.decoding.fusion import CharacterFusion
from gluon_htr.decoding.greedy import GREEDY, best_labels
from gluon_htr.decoding.guidance import UNGUIDED, Guide, score_texts
from gluon_htr.decoding.language_choice import LanguageChoosingDecoder
from gluon_htr.decoding.lexicon import LexiconGuide, WordList, words_of
from gluon_htr.decoding.word_fusion import WordFusion
from gluon_htr.errors import LanguageModelError, ModelError
from gluon_htr.ngrams.building import build
from gluon_htr.ngrams.files import LanguageModel, Tuning
from gluon_htr.runtime.confidences import LineReading, line_reading
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.text.metrics import cer

ABE = Alphabet("abe t")
LETTERS = Alphabet("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.,:'-é")
MODEL = LanguageModel(model_of(), "en", tuning=Tuning(1.0, 0.0, 20))


def drawn(alphabet: Alphabet, steps: int, seed: int, lines: int = 1, spread: float = 1.5) -> np.ndarray:
    """Logits (N, T, C) of a network that is not sure of anything."""
    return np.random.default_rng(seed).normal(0, spread, (lines, steps, alphabet.classes)).astype(np.float32)


def written(text: str, alphabet: Alphabet, doubts: dict[int, str] | None = None, sure: float = 8.0) -> np.ndarray:
    """Logits (1, T, C) of a text. doubts: at some positions, a character that seems likelier than the right one."""
    steps = np.full((3 * len(text) + 1, alphabet.classes), -4.0, np.float32)
    steps[:, -1] = 0
    for k, label in enumerate(alphabet.encode(text)):
        steps[3 * k + 1, label] = sure
        for wrong in (doubts or {}).get(k, ""):
            steps[3 * k + 1, alphabet.encode(wrong)[0]] = sure + 0.5
    return steps[None]


def all_texts(scores: np.ndarray, guide: Guide) -> dict[tuple[int, ...], float]:
    """The score of every text that fits into the steps of (1, T, C), by adding up all paths."""
    _, steps, classes = scores.shape
    found: dict[tuple[int, ...], float] = {}
    for path in product(range(classes), repeat=steps):
        merged = [path[0], *(b for a, b in pairwise(path) if a != b)]
        text = tuple(k for k in merged if k != classes - 1)
        log = float(scores[0, range(steps), path].sum(dtype=np.float64))
        found[text] = np.logaddexp(found.get(text, -np.inf), log)
    extra = score_texts(guide, list(found))
    return {text: log + add for (text, log), add in zip(found.items(), extra.tolist())}


GUIDES = {
    "none": UNGUIDED,
    "characters": CharacterFusion(model_of(), ABE, 0.8, 0.7),
    "words": WordFusion(model_of(unit="words"), ABE, 0.5, 1.0),
    "lexicon": LexiconGuide(WordList(("tea", "bat", "be", "at")), ABE),
}


@pytest.mark.parametrize("name", GUIDES)
@pytest.mark.parametrize("seed", range(4))
def test_the_best_text_of_all_is_found_with_its_score(name: str, seed: int) -> None:
    """The search would lose texts, or count their paths wrongly."""
    scores = log_softmax(drawn(ABE, 5, seed))
    expected = all_texts(scores, GUIDES[name])
    found = search(scores, 4000, GUIDES[name])[0]
    best = max(expected, key=lambda text: expected[text])
    assert found[0].labels == best
    for candidate in found[:20]:
        assert candidate.score == pytest.approx(expected[candidate.labels], abs=1e-3)  # rare paths are left out
    assert len({candidate.labels for candidate in found}) == len(found)


@pytest.mark.parametrize("seed", range(3))
def test_the_probability_of_a_text_is_the_sum_over_its_paths(seed: int) -> None:
    """Texts would be compared by figures that are not probabilities."""
    scores = log_softmax(drawn(ABE, 5, seed))
    expected = all_texts(scores, UNGUIDED)
    texts = list(expected)
    got = ctc_scores(np.repeat(scores, len(texts), axis=0), texts)
    assert got == pytest.approx(list(expected.values()), abs=1e-4)
    assert ctc_scores(scores, [[0, 0, 0, 0]])[0] < -1e29  # needs seven steps


@pytest.mark.parametrize("width", [1, 2, 20])
def test_without_a_language_model_no_text_is_less_probable_than_the_greedy_one(width: int) -> None:
    """A better decoder would read worse by the network's own account."""
    logits = drawn(ABE, 40, 0, lines=50, spread=3)
    decoder = BeamDecoder(tuning=Tuning(width=width))
    scores = log_softmax(logits)
    texts = [[span.index for span in line.spans] for line in decoder.decode(logits, ABE)]
    greedy = best_labels(logits)
    assert (ctc_scores(scores, texts) >= ctc_scores(scores, greedy) - 1e-9).all()
    assert texts != greedy


def test_what_the_network_reads_nowhere_is_not_invented() -> None:
    """Blank paper would get a letter of the language, wherever the network is a little unsure of the blank."""
    logits = np.zeros((1, 40, LETTERS.classes))
    logits[..., LETTERS.blank] = 3
    logits[..., LETTERS.encode("e")] = 2
    decoder = BeamDecoder(MODEL, n_best=3)
    (line,) = decoder.decode(logits, LETTERS)
    assert line.text(LETTERS) == ""
    logits[0, 20, LETTERS.encode("e")] = 9
    assert decoder.decode(logits, LETTERS)[0].text(LETTERS) != ""


def test_a_text_does_not_depend_on_the_lines_beside_it() -> None:
    """The same image would be read differently alone and in a folder."""
    logits = [drawn(LETTERS, steps, steps, spread=2.5) for steps in (1, 9, 30, 31, 64)]
    decoder = BeamDecoder(MODEL)
    assert isinstance(decoder, JointDecoder)
    together = decoder.decode_batches(logits, LETTERS)
    assert together == [decoder.decode(line, LETTERS)[0] for line in logits]


def test_where_both_read_the_same_places_and_confidences_are_the_same() -> None:
    """Boxes of words would move as soon as somebody asks for a language model."""
    logits = written("the rain", LETTERS)
    for temperature in (1.0, 2.0):
        both = (decoder.decode(logits, LETTERS, temperature)[0] for decoder in (BeamDecoder(MODEL), GREEDY))
        assert len({(line.spans, line.confidence) for line in both}) == 1


def test_a_language_model_decides_between_letters_that_look_alike() -> None:
    """The model would be loaded, and change nothing."""
    logits = written("the gentle rain", LETTERS, {4: "q", 12: "e"})
    assert decode_texts(GREEDY, logits, LETTERS) == ["the qentle rein"]
    line = BeamDecoder(MODEL).decode(logits, LETTERS)[0]
    assert line.text(LETTERS) == "the gentle rain"
    assert [(span.start, span.end) for span in line.spans] == [(3 * k + 1, 3 * k + 2) for k in range(15)]
    assert 0 < line.spans[4].confidence < 0.5 < line.spans[3].confidence <= 1
    assert line.confidence == pytest.approx(np.prod([span.confidence for span in line.spans]))


def test_a_word_that_the_language_decided_is_surer_than_the_network_is() -> None:
    """A threshold would send to a person what the language model had read rightly, or let through what it guessed."""
    doubted = written("the gentle rain", LETTERS, {4: "q"})
    unsure = written("the gentle rain", LETTERS, {4: "q", 5: "a", 6: "u", 12: "e"})
    decoder = BeamDecoder(MODEL)
    (read,), (guessed,) = (
        [line_reading(one, LETTERS) for one in decoder.decode(x, LETTERS)] for x in (doubted, unsure)
    )
    network = line_reading(BeamDecoder().decode(doubted, LETTERS)[0], LETTERS)
    assert [word.text for word in read.words] == ["the", "gentle", "rain"]
    assert network.words[1].text == "qentle"
    product = np.prod([span.confidence for span in decoder.decode(doubted, LETTERS)[0].spans[4:10]])
    assert product < 0.5 < read.words[1].confidence < read.words[0].confidence
    assert guessed.words[1].confidence < read.words[1].confidence
    assert (
        decoder.with_n_best(5).decode(doubted, LETTERS)[0].considered == decoder.decode(doubted, LETTERS)[0].considered
    )
    assert 0 < read.confidence < 1
    assert line_reading(decoder.decode(doubted[:, :1], LETTERS)[0], LETTERS) == LineReading("", 0.0, ())


def test_a_temperature_changes_confidences_and_no_text() -> None:
    """A calibrated model would read something else than the one that was scored."""
    logits = drawn(LETTERS, 40, 3, lines=3, spread=3)
    sharp, flat = (BeamDecoder(MODEL).decode(logits, LETTERS, t) for t in (0.5, 4.0))
    assert [line.text(LETTERS) for line in sharp] == [line.text(LETTERS) for line in flat]
    assert [a.confidence for a in sharp] != [b.confidence for b in flat]


def test_an_alignment_gives_every_character_its_own_steps() -> None:
    """Characters would lie on each other, or outside of the line."""
    scores = log_softmax(drawn(ABE, 30, 1, lines=4))
    texts = [[0, 0, 1], [], [3], [k % 5 for k in range(13)]]
    for text, places in zip(texts, align(scores, texts)):
        assert len(places) == len(text)
        assert all(0 <= start < end <= 30 for start, end in places)
        for (first, before), (second, after) in zip(zip(text, places), list(zip(text, places))[1:]):
            assert before[1] < after[0] if first == second else before[1] <= after[0]


@pytest.mark.parametrize("shape", [(0, 10, 6), (2, 1, 6), (1, 0, 6)])
def test_nothing_to_decode_is_no_error(shape: tuple[int, int, int]) -> None:
    """An empty batch, or an image of one step, would end a run over thousands."""
    read = BeamDecoder(MODEL).decode(np.zeros(shape, np.float32), ABE)
    assert len(read) == shape[0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_numbers_are_refused(value: float) -> None:
    """Damaged weights would write some text or other."""
    logits = drawn(ABE, 5, 0)
    logits[0, 2, 1] = value
    with pytest.raises(ModelError):
        BeamDecoder(MODEL).decode(logits, ABE)


def test_a_model_of_another_script_is_refused_and_characters_that_it_lacks_are_read() -> None:
    """A Greek model would drive every English letter out, or a line with é would lose it."""
    greek = LanguageModel(build(("τὸ γὰρ αὐτὸ νοεῖν ἐστίν τε καὶ εἶναι",) * 3, 3, "characters", 10**6))
    with pytest.raises(LanguageModelError):
        BeamDecoder(greek).decode(drawn(LETTERS, 5, 0), LETTERS)
    logits = written("thé place 7", Alphabet([*LETTERS.characters, "7"]))
    assert decode_texts(BeamDecoder(MODEL), logits, Alphabet([*LETTERS.characters, "7"])) == ["thé place 7"]


def test_an_alphabet_of_thousands_is_decoded() -> None:
    """Chinese would take all memory, or minutes for a line."""
    chinese = Alphabet(map(chr, range(0x4E00, 0x4E00 + 6000)))
    text = "".join(chinese.characters[k * 397 % 6000] for k in range(20))
    model = LanguageModel(build((text,) * 4, 3, "characters", 10**6), tuning=Tuning(0.5, 0.5, 20))
    logits = np.concatenate([written(text, chinese, {5: "一"}), drawn(chinese, 61, 0)])
    assert decode_texts(BeamDecoder(model), logits, chinese)[0] == text


def test_text_from_right_to_left_gains_as_any_other() -> None:
    """Hebrew and Arabic would be scored backwards."""
    psalm = ("שיר המעלות אשא עיני אל ההרים", "מאין יבא עזרי", "עזרי מעם יהוה עשה שמים וארץ")
    hebrew = Alphabet.from_texts(psalm)
    model = LanguageModel(build([hebrew.shown(line) for line in psalm], 4, "characters", 10**6), tuning=Tuning(1, 0))
    text, position = psalm[2], 3
    shown = hebrew.shown(text)
    logits = written(text, hebrew, {len(shown) - 1 - position: "ש"})
    assert decode_texts(GREEDY, logits, hebrew) != [text]
    assert decode_texts(BeamDecoder(model), logits, hebrew) == [text]


def test_the_language_is_chosen_by_what_is_read() -> None:
    """A French letter would be read with English, and the other way round."""
    french = LanguageModel(
        build(("Je ne sais pas ce que vous en pensez", "mais il est bien de le dire") * 4, 4, "characters", 10**6)
    )
    decoder = LanguageChoosingDecoder({"en": BeamDecoder(MODEL), "fr": BeamDecoder(french)})
    assert decoder.choose([written("vous pensez bien", LETTERS)], LETTERS) == "fr"
    assert decoder.choose([written("the rain from heaven", LETTERS)], LETTERS) == "en"
    assert decode_texts(decoder, written("vous pensez", LETTERS, {8: "x"}), LETTERS) == ["vous pensez"]


def test_words_of_a_list_are_preferred_and_others_stay_readable() -> None:
    """Names, numbers and hyphens would become words of the list."""
    decoder = BeamDecoder(words=WordList(tuple(words_of("The gentle rain, well-known"))))
    doubtful = written("The Gentle rain", LETTERS, {6: "a"})
    assert decode_texts(GREEDY, doubtful, LETTERS) == ["The Geatle rain"]
    assert decode_texts(decoder, doubtful, LETTERS) == ["The Gentle rain"]
    for text in ("Mr. Xquzt", "WELL-known", "gen-", "known-unknown", "rain's"):
        assert decode_texts(decoder, written(text, LETTERS), LETTERS) == [text]


@pytest.mark.parametrize("case", [str.lower, str.capitalize, str.upper])
def test_a_model_of_words_decides_by_the_words_before(case: object) -> None:
    """A model of words would be no more than a list."""
    lines = ("of mercy and awe", "of mercy and fear", "the merry kings", "the merry men") * 3
    model = LanguageModel(build(lines, 3, "words", 10**6), tuning=Tuning(1.0, 0.0, 20))
    text = case("of mercy and")  # type: ignore[operator]
    doubt = "R" if text.isupper() else "r"
    logits = written(text, LETTERS, {6: doubt})
    assert decode_texts(BeamDecoder(model), logits, LETTERS) == [text]
    other = case("the merry men")  # type: ignore[operator]
    logits = written(other, LETTERS, {7: doubt.replace("r", "c").replace("R", "C")})
    assert decode_texts(BeamDecoder(model), logits, LETTERS) == [other]


def test_verses_are_read_through_noise() -> None:
    """The gain that is promised would not be there on lines of usual length."""
    random = np.random.default_rng(0)
    clear = [written(line, LETTERS) for line in VERSE]
    logits = [line + random.normal(0, 2.5, line.shape) for line in clear]
    rates = [
        cer(list(VERSE), [decode_texts(d, line, LETTERS)[0] for line in logits]) for d in (GREEDY, BeamDecoder(MODEL))
    ]
    assert rates[1] < 0.5 * rates[0]


def test_alternatives_are_the_most_probable_texts_of_all() -> None:
    """A click would offer texts that nobody meant, or probabilities that add up to nothing."""
    logits = drawn(ABE, 5, 2)
    expected = all_texts(log_softmax(logits), UNGUIDED)
    ranked = sorted(expected, key=lambda text: -expected[text])[:5]
    [line] = BeamDecoder(tuning=Tuning(width=1000), n_best=5).decode(logits, ABE)
    assert [other.labels for other in line.alternatives] == ranked
    assert line.alternatives[0].labels == tuple(span.index for span in line.spans)
    got = [other.probability for other in line.alternatives]
    assert got == pytest.approx([np.exp(expected[text]) for text in ranked], rel=0.01)
    assert len(line.considered) == 1000
    assert sum(other.probability for other in line.considered) == pytest.approx(1)
    plain = BeamDecoder().decode(logits, ABE)[0]
    assert (plain.alternatives, plain.considered) == ((), ())


def test_the_greedy_text_stands_where_its_probability_puts_it() -> None:
    """A text that a language model finds absurd would be offered before likely ones."""
    logits = drawn(LETTERS, 30, 4, lines=20, spread=3)
    orders = []
    for line, greedy in zip(BeamDecoder(MODEL, n_best=20).decode(logits, LETTERS), best_labels(logits)):
        chances = [other.probability for other in line.considered]
        assert chances == sorted(chances, reverse=True)
        orders.append([other.labels for other in line.considered].index(tuple(greedy)))
    assert max(orders) > 1  # what this test is about did happen
