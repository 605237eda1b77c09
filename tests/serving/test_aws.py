"""The function of AWS Lambda, called with events as an API Gateway sends them."""

from __future__ import annotations

import base64
import json
import runpy
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")
pytest.importorskip("mangum", reason="needs gluon-htr[lambda]")

from letters import LETTERS
from reading_server import data_url, word
from support import PROJECT

from gluon_htr.errors import UsageError
from gluon_htr.serving.aws import make_handler

KEY = "correct horse battery"
Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@pytest.fixture(scope="module")
def handler() -> Handler:
    """The file that is deployed, with the letters' model."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GLUON_HTR_MODEL", str(LETTERS))
        environment.setenv("GLUON_HTR_API_KEY", KEY)
        return runpy.run_path(str(PROJECT / "deploy" / "lambda_function.py"))["handler"]  # type: ignore[no-any-return]


def version_1(method: str, path: str, body: str | None, kind: str, encoded: bool) -> dict[str, Any]:
    """A REST API's event (payload format 1.0)."""
    return {
        "version": "1.0",
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {"content-type": kind, "x-api-key": KEY, "host": "abc.execute-api.eu-central-1.amazonaws.com"},
        "multiValueHeaders": {
            "content-type": [kind],
            "x-api-key": [KEY],
            "host": ["abc.execute-api.eu-central-1.amazonaws.com"],
        },
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path[1:]},
        "requestContext": {"path": path, "stage": "prod", "identity": {"sourceIp": "192.0.2.1"}},
        "body": body,
        "isBase64Encoded": encoded,
    }


def version_2(method: str, path: str, body: str | None, kind: str, encoded: bool) -> dict[str, Any]:
    """An HTTP API's event, or a function URL's (payload format 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": kind, "x-api-key": KEY, "host": "abc.execute-api.eu-central-1.amazonaws.com"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


EVENTS = pytest.mark.parametrize("event", [version_1, version_2])


@EVENTS
def test_json_and_files_are_read(handler: Handler, event: Callable[..., dict[str, Any]]) -> None:
    """The function would answer one kind of gateway only."""
    for _ in range(2):  # a function that is warm is called again
        document = json.dumps({"image": data_url(word("decade"))})
        answer = handler(event("POST", "/v1/predict", document, "application/json", False), None)
        assert answer["statusCode"] == 200, answer
        assert json.loads(answer["body"])["pred"] == "decade"
    file = base64.b64encode(word("bead")).decode()
    answer = handler(event("POST", "/predict", file, "image/png", True), None)
    assert json.loads(answer["body"])["text"] == "bead"


@EVENTS
def test_the_page_and_rejections_come_through(handler: Handler, event: Callable[..., dict[str, Any]]) -> None:
    """A user would see an error of the gateway instead of the reason."""
    page = handler(event("GET", "/", None, "text/html", False), None)
    assert "Read handwriting" in page["body"]
    rejected = handler(event("POST", "/v1/predict", "{", "application/json", False), None)
    assert rejected["statusCode"] == 400
    assert "error" in json.loads(rejected["body"])


def test_the_function_does_not_start_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody could read at its owner's cost."""
    monkeypatch.delenv("GLUON_HTR_API_KEY", raising=False)
    with pytest.raises(UsageError, match="GLUON_HTR_API_KEY is not set"):
        make_handler()


def test_nobody_reads_without_the_key(handler: Handler) -> None:
    """The key would protect nothing behind a gateway."""
    event = version_2("GET", "/v1/models", None, "text/html", False)
    event["headers"]["x-api-key"] = "another key"
    assert handler(event, None)["statusCode"] == 401
