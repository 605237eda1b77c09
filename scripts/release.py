"""Checks and steps of a release, for scripts/release. docs/releasing.md explains them."""

from __future__ import annotations

import argparse
import datetime
import email
import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = Path(__file__).parent.parent
VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
FINAL = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")  # of Semantic Versioning
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
LARGEST = 100_000_000  # bytes of a file that PyPI accepts without asking
#: Files without which an installed package does not work, as they are named in the wheel.
NEEDED = (
    "gluon_htr/bundles/index.json",
    "gluon_htr/bundles/shipped/english-lines.zip",
    "gluon_htr/datasets/download/metadata.toml",
    "gluon_htr/py.typed",
)


def version_of(project: Path) -> str:
    """Return the version that the code has."""
    found = VERSION.search((project / "gluon_htr" / "__init__.py").read_text("utf-8"))
    if found is None:
        raise SystemExit('scripts/release: gluon_htr/__init__.py has no line __version__ = "…"')
    return found[1]


def sections(changelog: str) -> list[tuple[str, str]]:
    """Split CHANGELOG.md into its sections: heading and content, newest first."""
    parts = HEADING.split(changelog)[1:]
    return [(head.strip(), body.strip()) for head, body in zip(parts[::2], parts[1::2])]


def notes_of(project: Path, version: str) -> str:
    """Return what CHANGELOG.md says of a version, or an empty text."""
    found = sections((project / "CHANGELOG.md").read_text("utf-8"))
    return next((body for head, body in found if head.split(" ")[0] == version), "")


def findings_of_files(project: Path) -> list[str]:
    """Compare the files that name the version; return what is wrong, and what to do."""
    version = version_of(project)
    wrong = [] if FINAL.fullmatch(version) else [f"version {version} is not of the form 1.2.3"]
    found = sections((project / "CHANGELOG.md").read_text("utf-8"))
    if any(head == "Unreleased" and body for head, body in found):
        wrong.append(
            "CHANGELOG.md has entries under Unreleased: scripts/release --prepare VERSION gives them a version"
        )
    first = next((head for head, _ in found if head != "Unreleased"), "")
    if not re.fullmatch(rf"{re.escape(version)} \(\d{{4}}-\d\d-\d\d\)", first):
        wrong.append(f"CHANGELOG.md begins with '{first}', not with '{version} (DATE)'")
    elif not notes_of(project, version):
        wrong.append(f"CHANGELOG.md says nothing of {version}")
    citation = (project / "CITATION.cff").read_text("utf-8")
    if f"\nversion: {version}\n" not in citation:
        wrong.append(f"CITATION.cff has another version than {version}")
    date = re.search(r"^date-released: (\S+)$", citation, re.MULTILINE)
    if date is None or f"({date[1]})" not in first:
        wrong.append("CITATION.cff and CHANGELOG.md have different dates")
    about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    if not about.get("urls"):
        wrong.append("pyproject.toml has no [project.urls]: the owner fills in what CONTRIBUTING.md lists")
    return wrong


def findings_of_git(project: Path, version: str) -> list[str]:
    """Return what is wrong with the commit that would be released."""
    wrong = []
    if changed := _git(project, "status", "--porcelain"):
        wrong.append(f"{len(changed.splitlines())} files are not committed: commit them or put them away")
    if _git(project, "tag", "--list", f"v{version}"):
        wrong.append(f"the tag v{version} exists already: raise the version with scripts/release --prepare VERSION")
    return wrong


def findings_of_build(dist: Path, version: str) -> list[str]:
    """Return what is wrong with the files in dist/."""
    files = sorted(dist.iterdir()) if dist.is_dir() else []
    wheels = [file for file in files if file.suffix == ".whl"]
    if len(wheels) != 1 or len(files) != 2 or not any(file.name.endswith(".tar.gz") for file in files):
        return [f"{dist} has {', '.join(file.name for file in files) or 'nothing'}, not one wheel and one .tar.gz"]
    wrong = [f"{file.name} has more than {LARGEST:,} bytes" for file in files if file.stat().st_size > LARGEST]
    with zipfile.ZipFile(wheels[0]) as wheel:
        names = set(wheel.namelist())
        about = next((name for name in names if name.endswith(".dist-info/METADATA")), "")
        metadata = email.message_from_bytes(wheel.read(about)) if about else email.message_from_string("")
    if metadata["Version"] != version:
        wrong.append(f"{wheels[0].name} says that it is version {metadata['Version']}, not {version}")
    if not metadata["License-Expression"]:
        wrong.append(f"{wheels[0].name} names no license")
    return wrong + [f"{wheels[0].name} lacks {name}" for name in NEEDED if name not in names]


def prepare(project: Path, version: str, date: str) -> None:
    """Write a version and its date into the files that name them."""
    if not FINAL.fullmatch(version):
        raise SystemExit(f"scripts/release: {version} is not of the form 1.2.3")
    if _numbers(version) <= _numbers(version_of(project)):
        raise SystemExit(f"scripts/release: {version} is not after {version_of(project)}")
    found = sections((project / "CHANGELOG.md").read_text("utf-8"))
    if not (found and found[0][0] == "Unreleased" and found[0][1]):
        raise SystemExit("scripts/release: CHANGELOG.md has nothing under Unreleased: there is nothing to release")
    _replace(project / "gluon_htr" / "__init__.py", VERSION, f'__version__ = "{version}"')
    _replace(project / "CHANGELOG.md", re.compile(r"^## Unreleased$", re.MULTILINE), f"## {version} ({date})")
    _replace(project / "CITATION.cff", re.compile(r"^version: .*$", re.MULTILINE), f"version: {version}")
    _replace(project / "CITATION.cff", re.compile(r"^date-released: .*$", re.MULTILINE), f"date-released: {date}")


def uploads(dist: Path) -> list[str]:
    """Describe the files that are uploaded: name, size, SHA-256."""
    files = sorted(dist.iterdir()) if dist.is_dir() else []
    return [f"{file.name}  {file.stat().st_size:,} bytes  {_sha256(file)}" for file in files]


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]


def _replace(path: Path, pattern: re.Pattern[str], text: str) -> None:
    path.write_text(pattern.sub(text, path.read_text("utf-8"), count=1), "utf-8")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _git(project: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=project, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else f"git {words[0]} failed: {done.stderr.strip()}"


def _step(title: str, *command: str) -> list[str]:
    """Run a step; return what is wrong with it."""
    print(f"== {title}: {' '.join(command)}", flush=True)
    status = subprocess.run(command, cwd=PROJECT).returncode
    return [f"{title} failed (status {status})"] if status else []


def main() -> int:
    """Parse the arguments; check, build, and upload unless it is a dry run."""
    parser = argparse.ArgumentParser(prog="scripts/release", description=__doc__)
    parser.add_argument(
        "--prepare", metavar="VERSION", help="write the version and today's date into the files, and end"
    )
    parser.add_argument("--dry-run", action="store_true", help="upload nothing, and make no tag")
    parser.add_argument("--skip-install", action="store_true", help="of a dry run: install the wheel nowhere")
    options = parser.parse_args()
    if options.skip_install and not options.dry_run:
        parser.error("--skip-install is for --dry-run: what is uploaded is installed first")
    if options.prepare:
        prepare(PROJECT, options.prepare, datetime.date.today().isoformat())
        print(f"prepared {options.prepare}: read the changes (git diff), commit them, then scripts/release --dry-run")
        return 0
    version, dist = version_of(PROJECT), PROJECT / "dist"
    wrong = findings_of_files(PROJECT) + findings_of_git(PROJECT, version)
    if wrong and not options.dry_run:
        print("\n".join(f"not ready: {each}" for each in wrong), file=sys.stderr)
        return 1
    wrong += _step("lint", "scripts/lint")
    built = _step("build", "scripts/build") or findings_of_build(dist, version)
    if not built and not options.skip_install:
        wheel = next(dist.glob("*.whl"))
        built = _step("install", "scripts/test_wheel", str(wheel), "--read-only")
    wrong += built
    print(f"\nversion   {version}, commit {_git(PROJECT, 'rev-parse', '--short', 'HEAD')}")
    print("tests     not run here: CI runs them for the commit (scripts/test)")
    print("\n".join(f"upload    {each}" for each in uploads(dist)))
    print(f"tag       v{version}")
    print(f"notes     {len(notes_of(PROJECT, version).splitlines())} lines of CHANGELOG.md")
    if wrong:
        print("\n".join(f"not ready: {each}" for each in wrong), file=sys.stderr)
        return 1
    if options.dry_run:
        print("ready: scripts/release would make the tag and upload these files; nothing was uploaded")
        return 0
    files = [str(file) for file in sorted(dist.iterdir())]
    failed = _step("upload", sys.executable, "-m", "twine", "upload", "--non-interactive", *files)
    failed = failed or _step("tag", "git", "tag", "--annotate", f"v{version}", "--message", f"gluon_htr {version}")
    print("\n".join(failed) or f"uploaded {version}: now git push origin v{version}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
