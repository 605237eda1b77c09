"""Packages of the extras: says which extra brings a package that is missing."""

from __future__ import annotations

import importlib.util
import re

from .errors import MissingToolError

_DISTRIBUTIONS = {"cv2": "opencv-python-headless"}  # modules whose packages have quite another name


def need_packages(*modules: str) -> None:
    """Raise `MissingToolError` if one of these modules is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise missing_package(module)


def missing_package(module: str) -> MissingToolError:
    """Return the error that names what to install for this module, `package` or `package.module`."""
    package = _DISTRIBUTIONS.get(top := module.partition(".")[0], top)
    extras = _extras_with(package)
    if not extras:
        return MissingToolError(f"this needs the package {package}: pip install {package}")
    installs = " or ".join(f"pip install 'gluon-htr[{extra}]'" for extra in extras)
    return MissingToolError(f"this needs the package {package}: {installs}")


def _extras_with(package: str) -> list[str]:
    """Return the extras for users that install a package, in the order of pyproject.toml."""
    from importlib import metadata  # takes a while

    try:
        required = metadata.requires("gluon-htr") or []
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return []
    found = []
    for requirement in required:
        name = re.match(r"[\w.-]+", requirement)
        extra = re.search(r"""extra == ["']([\w-]+)["']""", requirement)
        if name and extra and _plain(name[0]) == _plain(package) and extra[1] != "dev":
            found.append(extra[1])
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]", "", name).lower()
