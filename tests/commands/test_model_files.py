"""`models --install FILE`: a bundle or a language model of this machine, inspected before it is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from letters import LETTERS, draw

from gluon_htr import _command, language, models, predict

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's models, which does not exist yet."""
    monkeypatch.setenv("GLUON_HTR_MODELS", str(tmp_path / "mine"))
    return tmp_path / "mine"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process."""

    def run(main: Callable[..., int], *words: object) -> tuple[int, str, str]:
        return (_command.main(main, [str(word) for word in words]), *capsys.readouterr())

    return run


@pytest.fixture
def danish(run: Run, tmp_path: Path) -> Path:
    """A language model that was just built."""
    (tmp_path / "text.txt").write_text("der var engang en mand der havde en abe og en bade dag\n" * 200, "utf-8")
    target = tmp_path / "my danish.lm"
    status, _, told = run(language.main, tmp_path / "text.txt", "--language", "da", "--output", target)
    assert status == 0, told
    return target


def test_a_language_is_installed_under_its_code_and_read_with(
    run: Run, danish: Path, home: Path, tmp_path: Path
) -> None:
    """The name of the file does not matter."""
    draw("abe").save(tmp_path / "word.png")
    reading = (predict.main, tmp_path / "word.png", "--model", LETTERS, "--decoder", "beam", "--language", "da")
    assert run(*reading)[0] == 2
    status, printed, told = run(models.main, "--install", danish)
    assert (status, printed.strip()) == (0, str(home / "da.lm")), told
    assert "--language da" in told
    assert [path.name for path in home.iterdir()] == ["da.lm"]
    assert run(*reading)[:2] == (0, "abe\n")
    status, _, told = run(models.main, "--install", danish)
    assert status == 0
    assert "already" in told


def test_several_files_are_installed_by_one_command(run: Run, danish: Path, home: Path) -> None:
    """A shell expands `bundles/languages/*.lm` to all of them."""
    assert run(models.main, "--install", danish, LETTERS)[0] == 0
    assert sorted(path.name for path in home.iterdir()) == ["da.lm", "letters.zip"]
    assert (home / "letters.zip").read_bytes() == LETTERS.read_bytes()
    assert "letters" in run(models.main)[1]


def test_another_file_with_the_same_name_is_not_replaced(run: Run, danish: Path, home: Path) -> None:
    """It may have been trained for days."""
    home.mkdir()
    for name, file in (("da.lm", danish), ("letters.zip", LETTERS)):
        (home / name).write_bytes(b"mine")
        status, _, told = run(models.main, "--install", file)
        assert status == 2
        assert "remove it first" in told
        assert (home / name).read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["de.lm", "letters.zip"])
@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 and no more", b"GHTRLM1\n" + bytes(40)])
def test_what_is_damaged_or_missing_is_refused_in_a_line(
    run: Run, home: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    """Nothing is stored."""
    file = tmp_path / name
    if content is not None:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    status, printed, told = run(models.main, "--install", file)
    assert (status, printed) == (2, "")
    assert told.count("\n") == 1
    assert file.name in told
    assert not home.exists() or not list(home.iterdir())


def test_a_truncated_language_is_refused(run: Run, danish: Path, home: Path) -> None:
    """A copy that was cut off would fail at every reading."""
    danish.write_bytes(danish.read_bytes()[:-100])
    assert run(models.main, "--install", danish)[0] == 2
    assert not home.exists() or not list(home.iterdir())


def test_a_bundle_that_ships_is_not_replaced(run: Run, home: Path) -> None:
    """The user's own go before those that ship."""
    shipped = Path(models.__file__).parent / "bundles" / "shipped" / "words.zip"
    status, _, told = run(models.main, "--install", shipped)
    assert status == 2
    assert "ships with this version" in told
    assert not home.exists() or not list(home.iterdir())
