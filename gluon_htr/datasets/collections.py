"""Known collections of transcribed pages by the name of their folder, with the terms that their sources state."""

from __future__ import annotations

from .download.catalog import DATASETS

_IAM = DATASETS["iam-forms"].terms
_FREE = "CC BY 4.0"
_LIBRARIES = "transcriptions CC BY 4.0; images belong to the digital libraries that show them"

COLLECTIONS = {
    "iam-forms": _IAM,
    "iam-binary": _IAM,
    "washington": "G. Washington's letter book, Library of Congress; transcriptions for non-commercial research and "
    "teaching (Fischer et al. 2012)",
    "episearch": "letters of G. A. Astori, transcriptions CC BY-SA 4.0, images CC BY-NC-SA 3.0",
    "stanford": f"letters to Stanford University, {_FREE}",
    "poilus": f"Testaments de Poilus, {_FREE}",
    "cremma18": f"CREMMA, manuscripts of the 18th century, {_FREE}",
    "cremma19": f"CREMMA, manuscripts of the 19th century, {_FREE}",
    "cremma20": f"CREMMA, manuscripts of the 20th century, {_FREE}",
    "celestine": f"war diary of 1914 and 1915, {_FREE}",
    "peraire": f"travel notebooks of Peraire, {_FREE}; images: Bibliothèque Sébert, Espéranto-France",
    "fondue18": f"FoNDUE, 18th century, {_LIBRARIES}",
    "fondue19": f"FoNDUE, notes by Zola, {_LIBRARIES}",
    "timeus": f"TIME US, minutes of labor courts, {_FREE}",
    "repertoires": f"registers of notaries of Paris, {_FREE}",
    "mariages": f"registers of marriages and divorces of Paris, {_FREE}",
    "decennales": f"ten-year indexes of civil registers, {_FREE}",
    "bronod": f"register of the notary Bronod, {_FREE}",
    "romance": f"French manuscripts of the 17th and 18th centuries, {_FREE}",
    "luzern": f"minutes of a music society of Lucerne, {_LIBRARIES}",
}
