"""One line on stderr, the first time that a user loads weights that exclude commercial use.

It goes through `logging`, which writes warnings to stderr unless a program has other plans for them. That it was shown
is kept in an empty file of the user's data folder; a user without one sees it once in each process.
"""

from __future__ import annotations

import logging
import os

from .catalog import data_folder
from .licenses import weights_license
from .schema import Description

VARIABLE = "GLUON_HTR_NO_NOTICE"
MARK = "license-notice-shown"
_shown = False


def note_license(about: Description) -> None:
    """Show the line if this user has not seen it. Never raises."""
    global _shown
    license = weights_license(about.terms)
    if _shown or not license.is_restricted or os.environ.get(VARIABLE):
        return
    _shown = True
    if _is_first():
        logging.getLogger("gluon_htr").warning(
            "note: the weights of '%s' are for non-commercial use (%s): trained on data that may not be passed on; the "
            "data are not in here. gluon-htr models names the license of each model. (Shown once; %s=1 hides it.)",
            about.name,
            license.spdx,
            VARIABLE,
        )


def _is_first() -> bool:
    """Leave the mark. Return False if it was there."""
    folder = data_folder()
    if folder is None:
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(folder / MARK, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return not (folder / MARK).exists()
    except (OSError, ValueError):  # nothing can be kept there
        return True
    return True
