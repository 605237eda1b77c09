"""Language models by the code of their language: those that ship with the package, and those in the user's folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from .._files import check_regular
from ..errors import LanguageModelError
from .arpa import read_arpa
from .files import LanguageModel, read_model

SHIPPED = Path(__file__).parent / "shipped"
SUFFIX = ".lm"


def known_languages(user_folder: Path | None) -> dict[str, Path]:
    """Return the files of models by the code of their language; the user's own replace shipped ones.

    user_folder: None if it cannot be found, or not be read.
    """
    found = {path.stem: path for path in sorted(SHIPPED.glob(f"*{SUFFIX}"))}
    try:
        own = sorted(user_folder.glob(f"*{SUFFIX}")) if user_folder else []
    except OSError:
        own = []
    return dict(sorted((found | {path.stem: path for path in own}).items()))


def find_language(language: str, user_folder: Path | None) -> LanguageModel:
    """Open the model of a language. Raises `LanguageModelError` if there is none."""
    known = known_languages(user_folder)
    if language not in known:
        raise LanguageModelError(
            f"there is no language model {language}: choose {', '.join(known) or 'another'}, give a file with "
            f"--language-model, or put {language}{SUFFIX} into {user_folder or 'the folder of your models'}"
        )
    return open_model(known[language])


@cache
def open_model(path: Path) -> LanguageModel:
    """Open a file of ours, or in the ARPA format. Raises `LanguageModelError`."""
    try:
        check_regular(path)
        with path.open("rb") as file:
            is_text = file.read(64).lstrip().startswith(b"\\data\\")
    except OSError as error:
        raise LanguageModelError(f"{path} cannot be read: {error.strerror}") from None
    return LanguageModel(read_arpa(path)) if is_text else read_model(path)
