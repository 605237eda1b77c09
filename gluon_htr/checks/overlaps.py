"""What training and validation data share although they must not: writers, and images."""

from __future__ import annotations

from collections import Counter

from ..datasets.spec import parse_spec
from .findings import MAX_EXAMPLES, Finding, command, finding
from .labels import Character
from .looking import Look, Looked
from .pictures import is_blank

MIN_GROUPED = 2  # samples of the largest group: with fewer, samples have no groups


def overlap_findings(train: Looked, validation: Looked, fix: str) -> list[Finding]:
    """Find what two sets share. fix: leaves the training samples of shared groups out."""
    return [
        *_shared_groups(train, validation, _split_command(train, validation) or fix),
        *_shared_images(train, validation, fix),
        *_new_characters(train, validation),
    ]


def _shared_groups(train: Looked, validation: Looked, fix: str) -> list[Finding]:
    groups = {look.group for look in validation.looks}
    shared = [look for look in train.looks if look.group in groups]
    counts = Counter(look.group for look in shared)
    places = [(look, f"{look.place}: {look.group}, {counts[look.group]} samples") for look in shared]
    named = ", ".join(list(counts)[:MAX_EXAMPLES])
    why = f"Writers (or pages) are in both sets, so that scores are too good: {named}{' …' * (len(counts) > 10)}."
    return finding("group-overlap", places, why, fix, train.total, "harms")


def _shared_images(train: Looked, validation: Looked, fix: str) -> list[Finding]:
    def is_shown(look: Look) -> bool:
        return look.appearance is not None and not is_blank(look.appearance)

    known = {look.appearance.digest: look for look in validation.looks if look.appearance and is_shown(look)}
    places = [
        (look, f"{look.place}: the same pixels as {known[look.appearance.digest].place}")
        for look in train.looks
        if look.appearance and is_shown(look) and look.appearance.digest in known
    ]
    why = "Images are in both sets: the model is scored on what it was trained on."
    return finding("image-overlap", places, why, fix, train.total, "harms")


def _new_characters(train: Looked, validation: Looked) -> list[Finding]:
    known = {character for look in train.looks for character in look.text}
    counts: Counter[str] = Counter(c for look in validation.looks for c in look.text if c not in known)
    places = [(Character(c), f"{c!r} occurs {count} times in the validation data") for c, count in counts.most_common()]
    data = [word for spec in (*train.specs, *validation.specs) for word in ("--data", spec)]
    why = "They cannot be learned, as no training text has them: hold other samples out, or add some with them."
    return finding("characters-only-in-validation", places, why, command("train", *data), train.total, "note")


def _split_command(train: Looked, validation: Looked) -> str:
    """Return the command that takes two parts of one set, if both are specs of the same data that has such parts."""
    if len(train.specs) != 1 or len(validation.specs) != 1:
        return ""
    one, other = parse_spec(train.specs[0]), parse_spec(validation.specs[0])
    if (one.kind, one.path) != (other.kind, other.path) or not hasattr(one.options, "split"):
        return ""
    if {one.options.split, other.options.split} == {"train", "validation"}:
        return ""
    place = f"{one.kind}:{one.path}"
    group = _grouping(one.options)
    return command("train", "--data", f"{place}?split=train{group}", "--validation", f"{place}?split=validation{group}")


def _grouping(options: object) -> str:
    group = getattr(options, "group", "")
    return f"&group={group}" if group else ""


def no_groups(seen: Looked) -> list[Finding]:
    """Find data without groups, whose held-out samples may be of the writers that were trained on."""
    counts = Counter(look.group for look in seen.looks)
    if len(seen.looks) < 2 * MIN_GROUPED or max(counts.values(), default=0) >= MIN_GROUPED:
        return []
    listings = [spec for spec in map(parse_spec, seen.specs) if spec.kind == "listing"]
    if not listings or any("group" in spec.text for spec in listings):
        return []
    fix = command("train", *(word for spec in listings for word in ("--data", _grouped(spec.text))))
    why = "Every sample is a group of its own, so that writers of the held-out samples may be trained on, too."
    return finding("no-groups", [(look, look.place) for look in seen.looks], why, fix, seen.total, "note")


def _grouped(spec: str) -> str:
    place, question, rest = spec.partition("?")
    return f"{place}?group=prefix{'&' * bool(question)}{rest}"
