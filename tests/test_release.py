"""scripts/release: what keeps a version from being released, and what is written for one."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from support import PROJECT


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """The module of scripts/release."""
    spec = importlib.util.spec_from_file_location("release", PROJECT / "scripts" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path, release: ModuleType) -> Path:
    """The files of this repository that name its version, with an unreleased change and an address."""
    (tmp_path / "gluon_htr").mkdir()
    for name in ("gluon_htr/__init__.py", "CHANGELOG.md", "CITATION.cff", "pyproject.toml"):
        shutil.copyfile(PROJECT / name, tmp_path / name)
    changelog = (tmp_path / "CHANGELOG.md").read_text("utf-8")
    if "## Unreleased" not in changelog:
        changelog = changelog.replace("## ", "## Unreleased\n- A change.\n\n## ", 1)
    (tmp_path / "CHANGELOG.md").write_text(changelog, "utf-8")
    about = (tmp_path / "pyproject.toml").read_text("utf-8")
    if "[project.urls]" not in about:
        about = about.replace(
            "[project.scripts]", '[project.urls]\nSource = "https://example.org"\n\n[project.scripts]'
        )
    (tmp_path / "pyproject.toml").write_text(about, "utf-8")
    return tmp_path


def test_a_prepared_version_is_ready(release: ModuleType, project: Path) -> None:
    """A release would have two versions, or last year's date."""
    assert any("Unreleased" in each for each in release.findings_of_files(project))
    release.prepare(project, "9.1.0", "2031-02-03")
    assert release.findings_of_files(project) == []
    assert release.version_of(project) == "9.1.0"
    assert "date-released: 2031-02-03\n" in (project / "CITATION.cff").read_text("utf-8")
    assert release.notes_of(project, "9.1.0").startswith(("###", "-"))
    assert "## Unreleased" not in (project / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("gluon_htr/__init__.py", '"9.1.0"', '"9.1.1"', "not with '9.1.1"),
        ("gluon_htr/__init__.py", '"9.1.0"', '"9.1.0.dev1"', "not of the form"),
        ("CITATION.cff", "version: 9.1.0", "version: 9.0.0", "CITATION.cff has another version"),
        ("CITATION.cff", "2031-02-03", "2030-02-03", "different dates"),
        ("CHANGELOG.md", "## 9.1.0", "## Unreleased\n- More.\n\n## 9.1.0", "entries under Unreleased"),
        ("CHANGELOG.md", "## 9.1.0 (2031-02-03)", "## 9.1.0", "not with '9.1.0 (DATE)'"),
        ("CHANGELOG.md", "## 9.1.0 (2031-02-03)", "## 9.1.0 (2031-02-03)\n\n## 9.0.9", "says nothing of 9.1.0"),
        ("pyproject.toml", "[project.urls]", "[tool.urls]", "project.urls"),
    ],
)
def test_whatever_disagrees_is_named(
    release: ModuleType, project: Path, file: str, old: str, new: str, named: str
) -> None:
    """A version that cannot be replaced on PyPI would be uploaded with a wrong text."""
    release.prepare(project, "9.1.0", "2031-02-03")
    text = (project / file).read_text("utf-8")
    assert old in text
    (project / file).write_text(text.replace(old, new, 1), "utf-8")
    assert [each for each in release.findings_of_files(project) if named in each]


@pytest.mark.parametrize("version", ["0.0.1", "1.2", "v9.1.0", "9.1.0rc1"])
def test_what_is_not_a_later_version_is_refused(release: ModuleType, project: Path, version: str) -> None:
    """A typing error would be committed and tagged."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with pytest.raises(SystemExit, match=r"not of the form|not after"):
        release.prepare(project, version, "2031-02-03")
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_what_is_not_committed_or_tagged_already_is_named(release: ModuleType, project: Path) -> None:
    """Files that nobody can get again would be in the wheel, or a tag would move."""

    def git(*words: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *who, *words], cwd=project, check=True, capture_output=True)

    git("init")
    assert [each for each in release.findings_of_git(project, "9.1.0") if "not committed" in each]
    git("add", ".")
    git("commit", "-m", "all")
    assert release.findings_of_git(project, "9.1.0") == []
    git("tag", "v9.1.0")
    assert [each for each in release.findings_of_git(project, "9.1.0") if "v9.1.0 exists" in each]


def test_a_wheel_that_lacks_something_is_named(release: ModuleType, tmp_path: Path) -> None:
    """Users would get a wheel without the default model."""
    dist = tmp_path / "dist"
    assert release.findings_of_build(dist, "9.1.0")
    dist.mkdir()
    (dist / "gluon_htr-9.1.0.tar.gz").write_bytes(b"")
    metadata = "Metadata-Version: 2.4\nName: gluon-htr\nVersion: {}\nLicense-Expression: Apache-2.0\n\n"

    def build(version: str, names: list[str]) -> None:
        with zipfile.ZipFile(dist / "gluon_htr-9.1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("gluon_htr-9.1.0.dist-info/METADATA", metadata.format(version))
            for name in names:
                wheel.writestr(name, b"")

    build("9.1.0", list(release.NEEDED))
    assert release.findings_of_build(dist, "9.1.0") == []
    assert len(release.uploads(dist)) == 2
    build("9.1.1", list(release.NEEDED))
    assert [each for each in release.findings_of_build(dist, "9.1.0") if "9.1.1" in each]
    build("9.1.0", list(release.NEEDED)[1:])
    assert [each for each in release.findings_of_build(dist, "9.1.0") if release.NEEDED[0] in each]
    (dist / "gluon_htr-9.0.0-py3-none-any.whl").write_bytes(b"")
    assert [each for each in release.findings_of_build(dist, "9.1.0") if "not one wheel" in each]


def test_what_the_wheel_needs_is_in_the_repository(release: ModuleType) -> None:
    """The check would look for files that were renamed."""
    assert [name for name in release.NEEDED if not (PROJECT / name).is_file()] == []
