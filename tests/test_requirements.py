"""Versions of dependencies: the oldest that are allowed, and those that images and developers install."""

from __future__ import annotations

import re
import sys

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from support import PROJECT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ABOUT = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "platform_python_implementation": "CPython"}


def declared(extras: list[str], python: str) -> list[Requirement]:
    """Return what an installation with these extras asks for on Linux."""
    lines, extras = list(ABOUT["dependencies"]), list(extras)
    for extra in extras:  # which grows: one extra may ask for another
        own = [Requirement(line) for line in ABOUT["optional-dependencies"][extra]]
        lines += [each for each in ABOUT["optional-dependencies"][extra] if not each.startswith(ABOUT["name"])]
        extras += [name for each in own if each.name == ABOUT["name"] for name in each.extras if name not in extras]
    return [each for each in map(Requirement, lines) if applies(each, python)]


def applies(requirement: Requirement, python: str) -> bool:
    """Tell whether a requirement counts on Linux."""
    chosen = {**default_environment(), **LINUX, "python_version": python, "python_full_version": f"{python}.9"}
    return requirement.marker is None or requirement.marker.evaluate(chosen)


def pinned(name: str, python: str) -> dict[str, str]:
    """Return the versions that a file of requirements/ installs on Linux."""
    text = (PROJECT / "requirements" / name).read_text().replace("\\\n", "")
    lines = [
        Requirement(line.partition(" --hash")[0]) for line in text.splitlines() if line and not line.startswith("#")
    ]
    kept = [each for each in lines if applies(each, python)]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in kept}


def test_the_oldest_versions_that_are_allowed_are_those_that_are_tested() -> None:
    """`Pillow>=10.3` was allowed, and took 7 GB for a TIFF of 440 kB: nobody had run it."""
    tested = pinned("lowest.txt", "3.11")
    for requirement in declared(["train", "lambda", "pages"], "3.11"):
        floors = [each.version for each in requirement.specifier if each.operator in (">=", "==")]
        assert len(floors) == 1, f"{requirement} has no lowest version"
        oldest = tested[canonicalize_name(requirement.name)]
        assert Version(oldest) == Version(floors[0]), f"{requirement}: run scripts/lock, and test {oldest}"


@pytest.mark.parametrize(
    ("name", "extras", "python"),
    [
        ("development.txt", ["train", "dev"], "3.10"),
        ("development.txt", ["train", "dev"], "3.12"),
        ("server.txt", ["lambda", "pages"], "3.12"),
        ("lowest.txt", ["train", "lambda", "pages"], "3.11"),
    ],
)
def test_locked_versions_are_those_that_the_package_allows(name: str, extras: list[str], python: str) -> None:
    """An image would be built with a version that the package refuses, or without a package that it needs."""
    locked = pinned(name, python)
    for requirement in declared(extras, python):
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not in {name}: run scripts/lock"
        assert requirement.specifier.contains(version, prereleases=True), requirement


@pytest.mark.parametrize("name", ["development.txt", "server.txt", "build.txt"])
def test_every_locked_version_has_the_hashes_of_its_files(name: str) -> None:
    """pip refuses the whole file, or a server of packages could send something else."""
    text = (PROJECT / "requirements" / name).read_text()
    assert len(text) < 1_000_000
    for entry in re.split(r"\n(?=[a-z])", text)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.split()[0]


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.lambda"])
def test_images_are_built_of_all_that_the_package_needs_and_of_locked_versions(name: str) -> None:
    """The build would end at a file that is missing, the image would hold models without their terms, or packages that
    nobody tested.
    """
    text = (PROJECT / "deploy" / name).read_text()
    copied = " ".join(re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)).split()
    sent = re.findall(r"^!(\S+)$", (PROJECT / "deploy" / f"{name}.dockerignore").read_text(), re.MULTILINE)
    needed = {"pyproject.toml", "setup.py", "gluon_htr", "requirements", ABOUT["readme"]}
    needed |= {pattern.split("/")[0] for pattern in ABOUT["license-files"]}
    assert needed <= set(copied) & set(sent)
    assert all((PROJECT / each).exists() for each in sent)
    installs = re.findall(r"pip install .*", text)
    assert installs
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)
