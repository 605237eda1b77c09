"""The one string that names data."""

from __future__ import annotations

from pathlib import Path

import pytest

from gluon_htr.datasets.loading import load_data
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import SpecError
from gluon_htr.networks.presets import load_preset


def test_kind_path_keys_and_share_are_read() -> None:
    """Data would be opened with other options than were written."""
    spec = parse_spec("iam-words:data/my iam?split=train&segmentation=ok*0.25")
    assert (spec.kind, spec.path, spec.share) == ("iam-words", Path("data/my iam"), 0.25)
    assert (spec.options.split, spec.options.segmentation) == ("train", "ok")


def test_a_value_is_taken_as_it_is_written() -> None:
    """A file whose name has a plus or percent sign would not be found."""
    assert parse_spec("fonts:a+b?corpus=plus/a+b%20=c.txt&count=2").options.corpus == "plus/a+b%20=c.txt"
    assert parse_spec("fonts:hershey?count=2&").options.count == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("words.pkl", "iam-words, iam-lines"),
        ("iam-word:x", "iam-words, iam-lines"),
        ("iam-words:", "no path"),
        ("iam-words:x?splitt=train", "unknown key splitt; iam-words knows split, segmentation, text"),
        ("iam-words:x?split=tain", "split cannot be 'tain': use one of train, validation, "),
        ("listing:x?split=test", "use one of train, validation, all"),
        ("listing:x?ratio=much", "ratio cannot be 'much'"),
        ("iam-words:x?segmentation=no", "use one of all, ok"),
        ("cache:x.pkl?a=1", "cache knows none"),
        ("iam-words:x*0", "share"),
        ("iam-words:x*1001", "share"),
        ("iam-words:x*.", "share"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_known(text: str, says: str) -> None:
    """A typo would be ignored, and the wrong data trained on."""
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    assert says in str(caught.value)


def test_a_share_is_the_same_for_the_same_seed(iam_archives: Path) -> None:
    """Two runs with one seed would train on different samples."""
    spec = parse_spec(f"iam-words:{iam_archives}*0.5")
    whole = len(open_spec(parse_spec(f"iam-words:{iam_archives}")))
    first, again, other = ([s.id for s in open_spec(spec, seed)] for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert abs(len(first) - whole / 2) <= 1


def test_samples_may_come_several_times(iam_archives: Path) -> None:
    """Few real lines among many generated ones would have to be named again and again."""
    preprocessing = load_preset("words").preprocessing
    once, often = (load_data([f"iam-words:{iam_archives}{share}"], preprocessing) for share in ("", "*2.5"))
    reader = open_spec(parse_spec(f"iam-words:{iam_archives}*2.5"))
    assert len(often) == len(reader) == len(list(reader)) == round(2.5 * len(once))
    assert often.ids == [sample.id for sample in reader]
    assert {often.ids.count(identity) for identity in once.ids} == {2, 3}
    assert len(often.pixels) == len(once.pixels)
