"""When prepared data counts as made from what is there now."""

from __future__ import annotations

from pathlib import Path

import pytest
from letters import WORDS, draw
from support import Command

from gluon_htr.datasets.freshness import current_origin, fingerprint
from gluon_htr.datasets.loading import load_data
from gluon_htr.datasets.origin import difference
from gluon_htr.datasets.spec import parse_spec
from gluon_htr.errors import CacheError
from gluon_htr.networks.presets import load_preset

PREPROCESSING = load_preset("words").preprocessing


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of words with their labels beside them; the folder above is the present one."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for k, word in enumerate(WORDS):
        draw(word).save(folder / f"{k}.png")
        (folder / f"{k}.gt.txt").write_text(word)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("output", ["scans/x.rec", "scans/x.pkl", "scans/below/x.rec"])
def test_data_may_lie_in_its_own_source(output: str, scans: Path, command: Command) -> None:
    """What was prepared a moment ago would be refused for ever: its source has changed, by itself."""
    arguments = ("prepare", "listing:scans", "--output", output, "--workers", "0")
    made = command(*arguments)
    assert made.returncode == 0, made.stderr
    kind = "records" if output.endswith("rec") else "cache"
    assert len(load_data([f"{kind}:{output}"], PREPROCESSING)) == len(WORDS)
    assert "is up to date" in command(*arguments).stderr
    (scans / "0.gt.txt").write_text("another")
    with pytest.raises(CacheError, match="its source has changed since"):
        load_data([f"{kind}:{output}"], PREPROCESSING)


def test_what_editors_and_systems_leave_changes_nothing(scans: Path) -> None:
    """Looking at the images would make their records useless, and an open editor end `prepare`."""
    before = fingerprint(scans)
    (scans / ".DS_Store").write_bytes(b"icons")
    (scans / ".0.gt.txt.swp").write_bytes(b"edited")
    (scans / ".#0.gt.txt").symlink_to("nobody@host.123")
    (scans / "lost.png").symlink_to("nowhere.png")
    (scans / "loop").symlink_to(".", target_is_directory=True)
    (scans / "itself").symlink_to("itself")
    assert fingerprint(scans) == before
    draw("new").save(scans / "new.png")
    assert fingerprint(scans) != before


def test_a_linked_folder_is_part_of_the_source(scans: Path, tmp_path: Path) -> None:
    """Images on another disk could be replaced, and nobody would notice."""
    (tmp_path / "disk").mkdir()
    draw("bead").save(tmp_path / "disk" / "a.png")
    (scans / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    before = fingerprint(scans)
    draw("bead", width=80).save(tmp_path / "disk" / "a.png")
    assert fingerprint(scans) != before


@pytest.mark.parametrize("named", ["labels.tsv", ""])
@pytest.mark.parametrize("kind", ["listing", "characters"])
def test_images_that_a_list_names_are_part_of_it(kind: str, named: str, scans: Path) -> None:
    """An image that was scanned again would be trained on as it was before."""
    listed = Path("listed")
    listed.mkdir()
    (listed / "labels.tsv").write_text("../scans/0.png\ta\n../scans/1.png\tb\n")
    spec = parse_spec(f"{kind}:{listed / named}")
    before = current_origin(spec, PREPROCESSING)
    assert current_origin(spec, PREPROCESSING) == before
    draw("another").save(scans / "1.png")
    assert difference(before, current_origin(spec, PREPROCESSING)) == "files that its source names have changed since"


def test_images_beside_a_folder_of_pages_are_part_of_it(tmp_path: Path) -> None:
    """A scan that was made again would be trained on as it was before."""
    (tmp_path / "scans" / "page").mkdir(parents=True)
    (tmp_path / "scans" / "page" / "a.xml").write_text(
        '<PcGts><Page imageFilename="a.png"><TextLine id="l"><Coords points="1,1 60,1 60,14 1,14"/><TextEquiv>'
        "<Unicode>bead</Unicode></TextEquiv></TextLine></Page></PcGts>"
    )
    draw("bead").save(tmp_path / "scans" / "a.png")
    spec = parse_spec(f"pages:{tmp_path / 'scans' / 'page'}")
    before = current_origin(spec, PREPROCESSING)
    assert before == current_origin(spec, PREPROCESSING)
    draw("another").save(tmp_path / "scans" / "a.png")
    assert difference(before, current_origin(spec, PREPROCESSING)) == "files that its source names have changed since"
