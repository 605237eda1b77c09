"""A server of data sets: requests, authentication, and the meaning of its error responses.

The password goes to the origin (scheme, host, port) of the base URL and nowhere else. It is asked for when the server
demands it, either as HTTP Basic authentication (RFC 7617) or, as the IAM site does at present, by redirecting to a
login form with the fields `email` and `password`.

Requests use Python's own urllib: the base install must stay small, and the decisions that matter here, who sees the
password and where a redirect may lead, are made in this file in any case.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlencode, urljoin, urlsplit

from ... import __version__
from ...errors import DownloadError, UsageError

REDIRECTS = 5
REDIRECT_STATUS = {301, 302, 303, 307, 308}
WebOrigin = tuple[str, str, int]


@dataclass(frozen=True)
class Login:
    """A user name, and a function that asks for the password; it is asked once, and kept in memory only."""

    user: str
    ask: Callable[[], str] = field(repr=False)


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A handler that returns redirects to the caller."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def web_origin(url: str) -> WebOrigin:
    """Return (scheme, host, port). Raises `UsageError` for anything but an HTTP address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError) as error:
        raise UsageError(f"{url} is not an address that starts with http:// or https://") from error
    return parts.scheme, (parts.hostname or "").lower(), port


def _asks_basic(response: http.client.HTTPResponse) -> bool:
    challenges = " ".join(response.headers.get_all("WWW-Authenticate", []))
    return response.status == 401 and "basic" in challenges.lower()


class Site:
    """A server below one base URL.

    timeout: seconds without an answer. registration: the page to register for a user name, for messages.
    """

    def __init__(
        self, base_url: str, login: Login | None = None, timeout: float = 30, registration: str | None = None
    ) -> None:
        if "@" in urlsplit(base_url).netloc:
            raise UsageError("leave user name and password out of the base URL: give --user, the password is asked for")
        self.base_url = base_url if base_url.endswith("/") else base_url + "/"
        self.web_origin = web_origin(self.base_url)
        self.login, self.timeout, self.registration = login, timeout, registration
        self._opener = urllib.request.build_opener(_StayHere)
        self._secrets: dict[str, str] = {}  # headers for our origin only: Authorization, Cookie
        self._password: str | None = None

    def url(self, name: str) -> str:
        """Return the address of a file below the base URL."""
        return urljoin(self.base_url, quote(name))

    def open(self, name: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Send a GET request; return a response of status 200, 206 or 416. Raises `DownloadError` for any other, with
        advice.
        """
        url, hops, identified = self.url(name), 0, False
        while True:
            response = self._request(url, headers)
            if response.status in (200, 206, 416):
                return response
            response.close()
            moved = response.headers.get("Location") if response.status in REDIRECT_STATUS else None
            form = urljoin(url, moved) if moved and self._login_page(urljoin(url, moved)) else None
            if form or _asks_basic(response):
                self._check_may_identify(name, url, identified)
                self._identify(form)
                url, identified = self.url(name), True
            elif moved and hops < REDIRECTS:
                url, hops = urljoin(url, moved), hops + 1
            else:
                raise DownloadError(self._refusal(name, url, response.status))

    def _request(self, url: str, headers: dict[str, str], form: bytes | None = None) -> http.client.HTTPResponse:
        ours = web_origin(url) == self.web_origin
        sent = {"User-Agent": f"gluon-htr/{__version__}", **headers, **(self._secrets if ours else {})}
        request = urllib.request.Request(url, data=form, headers=sent)
        try:
            response = self._opener.open(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            response = error  # type: ignore[assignment]
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DownloadError(self._silence(url, error)) from error
        if ours:
            self._keep_cookies(response)
        return response

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        jar: SimpleCookie = SimpleCookie()
        try:
            for line in [self._secrets.get("Cookie", ""), *response.headers.get_all("Set-Cookie", [])]:
                jar.load(line)
        except CookieError:
            return
        if jar:
            self._secrets["Cookie"] = "; ".join(f"{key}={morsel.coded_value}" for key, morsel in jar.items())

    def _login_page(self, url: str) -> bool:
        """Test whether a redirect leads to the login form of the same site (IAM's redirect names it with http://)."""
        parts = urlsplit(url)
        return (parts.hostname or "").lower() == self.web_origin[1] and parts.path.rstrip("/").endswith("/login")

    def _check_may_identify(self, name: str, url: str, identified: bool) -> None:
        """Raise `DownloadError` if there is no user name, if it was refused, or if another host asks for it."""
        register = f" (register at {self.registration})" if self.registration else ""
        host = self.web_origin[1]
        if web_origin(url) != self.web_origin:
            other = urlsplit(url).netloc
            wrong = f"{other}, to which {host} redirects, asks for a password, which is not sent there. Try again later"
        elif self.login is None:
            wrong = f"{host} asks for a user name: give --user NAME{register}"
        elif identified:
            wrong = f"{host} refused the user name or password. Check them{register}"
        else:
            return
        raise DownloadError(f"{name}: {wrong}, or fetch the file in a browser and pass it with --archive")

    def _identify(self, form: str | None) -> None:
        """Prepare the authentication headers. form: address of the login form; None: HTTP Basic."""
        assert self.login is not None
        if self._password is None:
            self._password = self.login.ask()
        if form is None:
            pair = f"{self.login.user}:{self._password}".encode()
            self._secrets["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        else:
            fields = urlencode({"email": self.login.user, "password": self._password}).encode()
            self._request(urljoin(self.base_url, urlsplit(form).path), {}, fields).close()

    def _refusal(self, name: str, url: str, status: int) -> str:
        browser = "or fetch the file in a browser and pass it with --archive"
        if status == 401:
            return (
                f"{name}: {self.web_origin[1]} demands an unsupported kind of login (401). Try again later, {browser}"
            )
        if status == 403:
            return f"{name}: access refused (403). Does your account include this data set? See {url}, {browser}"
        if status in (404, 410):
            return f"{name}: not found at {url} ({status}). If the site has moved, give --base-url, {browser}"
        if status in REDIRECT_STATUS:
            return f"{name}: {self.web_origin[1]} redirects in circles ({status}). Try again later, {browser}"
        meaning = http.client.responses.get(status, "unknown")
        return f"{name}: {self.web_origin[1]} answers {status} ({meaning}). Try again later, {browser}"

    def _silence(self, url: str, error: Exception) -> str:
        host = urlsplit(url).netloc
        cause = getattr(error, "reason", error)
        if isinstance(cause, TimeoutError):
            return (
                f"{host} did not answer within {self.timeout:g} s (the site is often down). Repeat the command later, "
                "or pass files that you have with --archive"
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"{host} cannot be trusted: {cause.verify_message}. Point SSL_CERT_FILE at its certificate authority, "
                "or fetch the file in a browser and pass it with --archive"
            )
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        return f"{host} cannot be reached ({reason}). Check the network and --base-url, or pass files with --archive"
