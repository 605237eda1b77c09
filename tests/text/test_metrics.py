"""Metrics, tested for what could go wrong with them."""

from __future__ import annotations

import pytest

from gluon_htr.text.metrics import confusions, levenshtein_accuracy, score, worst


def test_micro_averages_weigh_by_length() -> None:
    """A missed comma would count as much as a missed line."""
    card = score(["abcdefghi", "a"], ["abcdefghi", "b"], ["1", "2"])
    assert card.cer.value == pytest.approx(1 / 10)
    assert card.wer.value == pytest.approx(1 / 2)
    assert card.exact_rate.value == pytest.approx(1 / 2)


def test_the_notebooks_accuracy_is_a_mean_over_samples_and_may_be_negative() -> None:
    """Our 0.84 would not be the notebook's 0.80."""
    card = score(["abcd", "ab"], ["abcx", "wxyz"], ["1", "1"])
    assert card.levenshtein_accuracy.value == pytest.approx((3 / 4 + (2 - 4) / 2) / 2)
    assert levenshtein_accuracy("", "") == 1
    assert levenshtein_accuracy("", "x") == 0


def test_equal_texts_in_different_unicode_forms_are_equal() -> None:
    """A composed é would count as an error against e and an accent."""
    assert score(["café"], ["cafe\u0301"], ["1"]).cer.value == 0


def test_case_counts() -> None:
    """An error would be hidden."""
    assert score(["The"], ["the"], ["1"]).cer.value == pytest.approx(1 / 3)


def test_an_empty_reference_does_not_divide_by_zero() -> None:
    """One empty label would spoil a whole evaluation."""
    card = score(["", "ab"], ["x", "ab"], ["1", "2"])
    assert card.cer.value == pytest.approx(1 / 2)


@pytest.mark.parametrize("arguments", [([], [], []), (["a"], [], ["1"]), ([""], [""], ["1"])])
def test_scores_of_nothing_are_an_error(arguments: tuple[list[str], list[str], list[str]]) -> None:
    """A misspelled split would score a perfect 0 %."""
    with pytest.raises(ValueError, match=r"missing|empty"):
        score(*arguments)


def test_intervals_are_wider_when_errors_cluster_by_writer() -> None:
    """One bad hand among few would look like certainty."""
    truths = ["abcdefghij"] * 100
    predictions = ["abcdefghij"] * 80 + ["xxxxxxxxxx"] * 20
    by_sample = score(truths, predictions, [str(k) for k in range(100)]).cer
    by_writer = score(truths, predictions, [str(k // 20) for k in range(100)]).cer
    assert by_writer.high - by_writer.low > 2 * (by_sample.high - by_sample.low)
    assert by_sample.low < 0.2 < by_sample.high


def test_confusions_are_counted_with_what_was_missed_and_added() -> None:
    """A user would not see that l is read as 1."""
    found = confusions(["hello", "all", "ab"], ["he1lo", "a1l", "abc"])
    assert (found[0].truth, found[0].read, found[0].count) == ("l", "1", 2)
    assert ("", "c", 1) in [(c.truth, c.read, c.count) for c in found]


def test_the_worst_samples_come_first_and_exact_ones_never() -> None:
    """The report would show what went well."""
    assert worst(["abcd", "abcd", "abcd"], ["abcd", "xxxx", "abcx"]) == [1, 2]


def test_a_large_vocabulary_costs_no_more() -> None:
    """Chinese texts would wrap around a byte."""
    text = "".join(chr(0x4E00 + k) for k in range(500))
    assert score([text], [text[1:]], ["1"]).cer.value == pytest.approx(1 / 500)
