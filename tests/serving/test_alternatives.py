"""Readings of words and lines over HTTP: from a server that searches, one that gives them unasked, and a greedy one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

import anyio
import httpx
from letters import LETTERS, encoded
from reading_server import ReadingServer, word
from word_pages import DrawnLines, drawn_page

import gluon_htr
from gluon_htr.pages.document import Document
from gluon_htr.runtime.decoders import DecoderRequest, make_decoder
from gluon_htr.serving.application import build_app
from gluon_htr.serving.served_models import open_models
from gluon_htr.serving.server_settings import ServerSettings
from gluon_htr.serving.service import Service

GREEDY, BEAM = DecoderRequest(), DecoderRequest("beam", language="none")
PAGE = encoded(drawn_page(["decade", "bead"]))


def ask(decoder: DecoderRequest, *requests: tuple[str, bytes | None]) -> list[httpx.Response]:
    """Send images, or ask for a path without one, all at the same time."""
    models = open_models([str(LETTERS)], make_decoder(decoder))
    service = Service(models, ServerSettings(), detector=DrawnLines())  # type: ignore[arg-type]
    answers: dict[int, httpx.Response] = {}

    async def send() -> None:
        transport = httpx.ASGITransport(build_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:

            async def one(k: int, path: str, image: bytes | None) -> None:
                answers[k] = await (client.get(path) if image is None else client.post(path, content=image))

            async with anyio.create_task_group() as group:
                for k, (path, image) in enumerate(requests):
                    group.start_soon(one, k, path, image)

    try:
        anyio.run(send)
    finally:
        service.close()
    return [answers[k] for k in range(len(requests))]


def test_each_request_gets_as_many_readings_as_it_asks_for() -> None:
    """Requests that are read in one batch would get each other's number, or those that asked for none a longer JSON."""
    image = word("bead")
    paths = ["/v1/predict", "/v1/predict?n_best=1", "/v1/predict?n_best=3"]
    plain, single, several = (answer.json() for answer in ask(BEAM, *[(path, image) for path in paths]))
    assert "alternatives" not in plain
    assert [part["alternatives"] for part in plain["words"]] == [[]]
    assert len(single["alternatives"]) == 1
    expected = gluon_htr.load(LETTERS, decoder=make_decoder(BEAM)).with_n_best(3).read(image)
    assert [one["text"] for one in several["alternatives"]] == [one.text for one in expected.alternatives]
    assert len(several["alternatives"]) == 3
    [read] = several["words"]
    assert (read["text"], read["alternatives"][0]["text"]) == ("bead", "bead")
    assert read["alternatives"][0]["probability"] == pytest.approx(expected.words[0].alternatives[0].probability)
    assert (read["left"], read["right"]) == (several["characters"][0]["left"], several["characters"][-1]["right"])
    read["alternatives"] = []
    assert {key: several[key] for key in plain} == plain


def test_pages_have_readings_in_every_format() -> None:
    """The browser could not offer them, or a downloaded file would have lost them."""
    paths = ["/v1/read", "/v1/read?n_best=3", "/v1/read?n_best=3&format=alto", "/v1/read?n_best=3&format=page"]
    plain, several, alto, page = ask(BEAM, *[(path, PAGE) for path in paths])
    assert "alternatives" not in plain.text
    document = msgspec.json.decode(several.content, type=Document)
    [first] = document.lines[0].words
    assert first.alternatives[0].text == first.text == "decade"
    other = first.alternatives[1].text
    assert f">{other}</ALTERNATIVE>" in alto.text
    assert f"<Unicode>{other}</Unicode>" in page.text
    stripped = several.json()
    for region in stripped["pages"][0]["regions"]:
        for line in region["lines"]:
            for part in (line, *line["words"]):
                part.pop("alternatives")
    assert stripped == plain.json()
    [converted] = ask(GREEDY, ("/v1/convert?format=alto", several.content))
    assert f">{other}</ALTERNATIVE>" in converted.text


def test_a_server_gives_them_unasked_if_it_was_started_so() -> None:
    """`serve --n-best` would do nothing."""
    answers = ask(DecoderRequest("beam", language="none", n_best=2), ("/v1/predict", word("cab")), ("/v1/read", PAGE))
    assert len(answers[0].json()["alternatives"]) == 2
    assert all(line.alternatives for line in msgspec.json.decode(answers[1].content, type=Document).lines)


def test_the_options_of_the_command_reach_its_answers() -> None:
    """`serve --decoder beam --n-best 2` would start, and answer as without them."""
    with ReadingServer("--decoder", "beam", "--language", "none", "--n-best", "2") as server:
        answer = httpx.post(f"{server.url}/v1/predict", content=word("cab"), timeout=30).json()
    assert (answer["text"], len(answer["alternatives"])) == ("cab", 2)


def test_what_is_not_offered_is_refused_in_json() -> None:
    """A client would wait for readings that never come, or ask a server for millions."""
    image = word("cab")
    bad: list[tuple[str, bytes | None]] = [
        (f"{path}?n_best={number}", image)
        for path in ("/v1/predict", "/v1/read")
        for number in ("0", "21", "-1", "x", "1.5")
    ]
    for answer in ask(BEAM, *bad):
        assert answer.status_code == 422
        assert "n_best" in answer.json()["error"]
    *refused, models = ask(GREEDY, ("/v1/predict?n_best=3", image), ("/v1/read?n_best=3", PAGE), ("/v1/models", None))
    for answer in refused:
        assert answer.status_code == 403
        assert "--decoder beam" in answer.json()["error"]
    assert _offers(models.json()) == [False]
    assert _offers(ask(BEAM, ("/v1/models", None))[0].json()) == [True]


def _offers(cards: dict[str, Any]) -> list[bool]:
    return [card["alternatives"] for card in cards["models"]]
