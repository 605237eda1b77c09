"""What downloads are expected to leave behind."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

Result = subprocess.CompletedProcess
Download = Callable[..., "Result[str]"]


def unpacked(folder: Path) -> dict[str, bytes]:
    """Path → content of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def inside(archive: Path) -> dict[str, bytes]:
    """Name → content of an archive's files."""
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def complete(root: Path, archives: Path) -> bool:
    """Whether the root holds exactly what the three archives hold, in the official layout, and nothing else."""
    folders = {name: unpacked(root / name) for name in ("words", "xml", "ascii")}
    expected = {name: inside(archives / f"{name}.tgz") for name in folders}
    return folders == expected and {path.name for path in root.iterdir()} == set(folders)
