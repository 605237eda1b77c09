"""User name and password of `download`."""

from __future__ import annotations

import getpass
import os
import sys

from .datasets.download.site import Login
from .errors import UsageError

PASSWORD_VARIABLE = "GLUON_HTR_PASSWORD"


def login(user: str | None, from_stdin: bool) -> Login | None:
    """Make the login of a user, whose password is asked for when the server demands it; None without a user."""
    if user is None:
        if from_stdin:
            raise UsageError("--password-stdin needs --user NAME")
        return None
    return Login(user, lambda: _password(user, from_stdin))


def _password(user: str, from_stdin: bool) -> str:
    """Ask for the password. It is never an argument, which other users of the machine could
    read.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif PASSWORD_VARIABLE in os.environ:
        password = os.environ[PASSWORD_VARIABLE]
    elif sys.stdin.isatty():
        password = getpass.getpass(f"password of {user}: ")
    else:
        raise UsageError(
            f"cannot ask for the password without a terminal: set {PASSWORD_VARIABLE} or use --password-stdin"
        )
    if not password:
        raise UsageError("the password is empty")
    return password
