"""What data are called in a bundle, and whose terms they are under."""

from __future__ import annotations

import pytest

from gluon_htr.datasets.kind import UNKNOWN_TERMS
from gluon_htr.datasets.provenance import known_terms, public_name


@pytest.mark.parametrize(
    ("spec", "name", "terms"),
    [
        ("iam-lines:data/iam?split=train", "iam-lines?split=train", "non-commercial"),
        ("recomposed:data/iam?count=5", "recomposed?count=5", "non-commercial"),
        ("pages:data/pages/hooker?split=train", "pages:hooker?split=train", "CC BY-SA 4.0"),
        ("listing:data/scene/iiit5k/train.tags?group=prefix", "listing:iiit5k?group=prefix", "IIIT5K"),
        ("strips:somewhere/digits?count=9", "strips?count=9", "MNIST"),
        ("composed:emnist:data/emnist?count=9", "composed:emnist?count=9", "EMNIST"),
        ("composed:characters:data/English/Hnd?count=9", "composed:characters:Hnd?count=9", "Chars74K"),
        ("composed:listing:my/mnist/labels.tsv", "composed:listing", UNKNOWN_TERMS),
        ("fonts:hershey?count=9&corpus=data/corpora", "fonts:hershey?count=9", "synthetic"),
        ("fonts:/usr/share/fonts?count=9", "fonts?count=9", "synthetic"),
        ("fonts:data/chars74k-trajectories.json.xz?count=9", "fonts:chars74k-trajectories?count=9", "Chars74K"),
        ("fonts:me/my-secret-hand.json?count=9", "fonts:drawn?count=9", "not stated"),
        ("pages:data/pages/poilus?split=train", "pages:poilus?split=train", "CC BY 4.0"),
        ("pages:data/pages/episearch?split=train", "pages:episearch?split=train", "CC BY-NC-SA 3.0"),
        ("pages:data/pages/iam-binary", "pages:iam-binary", "non-commercial"),
        ("pages:mine/washington", "pages", UNKNOWN_TERMS),
        ("unipen:anywhere?part=text&split=train", "unipen?part=text&split=train", "CC BY 4.0, with citation"),
        ("listing:home/hooker/mine/labels.tsv", "listing", UNKNOWN_TERMS),
        ("listing:my/mnist/labels.tsv", "listing", UNKNOWN_TERMS),
        ("pages:customers/hooker", "pages", UNKNOWN_TERMS),
        ("pages:data/iam", "pages", UNKNOWN_TERMS),
    ],
)
def test_only_what_is_known_is_named_and_free(spec: str, name: str, terms: str) -> None:
    """Private scans would be passed on as free, or a path would tell whose they are."""
    assert public_name(spec) == name
    assert terms in known_terms(name)
