"""Installation of a file of this machine: a bundle, or a language model. It is inspected, and only then stored."""

from __future__ import annotations

import re
from pathlib import Path

from .._files import read_bounded
from .._storage import only_writer, write_atomically
from ..bundles.catalog import user_folder
from ..bundles.contents import MAX_BYTES
from ..bundles.reader import read_bundle
from ..errors import BundleError, LanguageModelError, UsageError
from ..ngrams.catalog import SUFFIX
from ..ngrams.files import parse_model
from .installing import refuse_shipped

LANGUAGE = re.compile(r"[a-z]{2,3}\Z")  # ISO 639


def is_file_name(name: str) -> bool:
    """Tell a file from the name of a bundle: a file ends with .zip or .lm."""
    return Path(name).suffix in (".zip", SUFFIX)


def install_file(path: Path) -> tuple[Path, bool]:
    """Install a bundle (.zip) or a language model (.lm) for this user; return its path, and whether it is new there.

    A bundle is stored by its name, a language model by the code of its language. Raises `UsageError` if the name is
    taken, `BundleError` and `LanguageModelError` for a damaged one; then nothing is stored.
    """
    folder = user_folder()
    if folder is None:
        raise UsageError("this user has no home folder: name a folder for models in GLUON_HTR_MODELS")
    refusal = LanguageModelError if path.suffix == SUFFIX else BundleError
    try:
        content = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise refusal(f"{path} cannot be read: {error.strerror or error}") from None
    target = folder / (_language_file(content, path) if path.suffix == SUFFIX else _bundle_file(path))
    with only_writer(folder, target.stem):
        if target.exists() or (path.suffix == ".zip" and target.with_suffix("").exists()):
            if target.is_file() and read_bounded(target, MAX_BYTES) == content:
                return target, False
            raise UsageError(f"another {target.name} is installed in {folder}: remove it first")
        write_atomically(target, content)
    return target, True


def _language_file(content: bytes, path: Path) -> str:
    language = parse_model(content, str(path)).language
    if not LANGUAGE.match(language):
        raise UsageError(
            f"{path} does not say of which language it is, as `de`: build it with gluon-htr language --language, or "
            "name the file with --language-model"
        )
    return language + SUFFIX


def _bundle_file(path: Path) -> str:
    name = read_bundle(path).name
    refuse_shipped(name)
    return f"{name}.zip"
