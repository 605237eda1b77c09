"""Bundles that are found by their names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from letters import LETTERS, members

from gluon_htr.bundles import catalog
from gluon_htr.errors import BundleError


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The user's folder, and that of shipped bundles, both empty."""
    user, shipped = tmp_path / "user", tmp_path / "shipped"
    user.mkdir()
    shipped.mkdir()
    monkeypatch.setenv("GLUON_HTR_MODELS", str(user))
    monkeypatch.setattr(catalog, "SHIPPED", shipped)
    return user, shipped


def test_the_users_bundles_go_before_shipped_ones(folders: tuple[Path, Path]) -> None:
    """A user could not replace a model by a better one."""
    user, shipped = folders
    shutil.copy(LETTERS, shipped / "words.zip")
    assert catalog.find_bundle("words") == shipped / "words.zip"
    shutil.copy(LETTERS, user / "words.zip")
    assert catalog.find_bundle("words") == user / "words.zip"
    assert [entry.origin for entry in catalog.known_bundles()] == ["installed"]


def test_folders_and_zips_are_found_and_nothing_else(folders: tuple[Path, Path]) -> None:
    """A stray file in the models' folder would break every command."""
    user, _ = folders
    for name, content in members().items():
        (user / "opened" / name).parent.mkdir(parents=True, exist_ok=True)
        (user / "opened" / name).write_bytes(content)
    (user / "notes.txt").write_text("x")
    (user / "empty").mkdir()
    shutil.copy(LETTERS, user / "packed.zip")
    entries = catalog.known_bundles()
    assert [entry.name for entry in entries] == ["opened", "packed"]
    assert entries[1].bytes == LETTERS.stat().st_size
    assert entries[0].bytes == sum(map(len, members().values()))
    assert entries[0].describe() == entries[1].describe()


def test_lines_go_before_words_by_default(folders: tuple[Path, Path]) -> None:
    """`predict` without --model would take the model for single words although one for lines is there."""
    _, shipped = folders
    with pytest.raises(BundleError, match="no model ships"):
        catalog.default_bundle()
    shutil.copy(LETTERS, shipped / "words.zip")
    assert catalog.default_bundle().name == "words.zip"
    shutil.copy(LETTERS, shipped / "english-lines.zip")
    assert catalog.default_bundle().name == "english-lines.zip"


def test_the_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Models would land where a backup or another user does not expect them."""
    monkeypatch.delenv("GLUON_HTR_MODELS", raising=False)
    monkeypatch.setattr(catalog.sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert catalog.user_folder() == tmp_path / "gluon_htr" / "models"
    monkeypatch.setattr(catalog.sys, "platform", "darwin")
    assert "Application Support" in str(catalog.user_folder())


def test_models_that_ship_are_read_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In many containers the user has no home, or not the right to look into it: nothing could be read."""
    for variable in ("GLUON_HTR_MODELS", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "home", no_home)
        assert catalog.find_bundle("words") == catalog.SHIPPED / "words.zip"
        assert "no home folder" in catalog.why_not_listed()
        assert "GLUON_HTR_MODELS" in catalog.own_folder()

    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    shipped = catalog.known_bundles()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "home", lambda: tmp_path)
        usual, user = Path.is_dir, catalog.user_folder()
        patch.setattr(Path, "is_dir", lambda path: denied(path) if path == user else usual(path))
        assert catalog.known_bundles() == [entry for entry in shipped if entry.origin == "shipped"]
        assert "Permission denied: only models that ship are known" in catalog.why_not_listed()
