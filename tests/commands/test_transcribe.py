"""A batch of pages, as an archive does it: failures, kills, and going on."""

from __future__ import annotations

import io
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from drawn_pages import draw_page
from loopback import send, serving
from PIL import Image
from striped_lines import wait_until
from support import Command, command_environment, refusal, run_command

from gluon_htr.bundles.catalog import find_bundle

pytest.importorskip("shapely")
if find_bundle("pages") is None:
    pytest.skip("no model that finds lines ships with this version", allow_module_level=True)

PAGES = 5  # of the folder `scans`: two images, two pages of a TIFF, a broken file


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "scans"
    (folder / "box").mkdir(parents=True)
    first, second = (draw_page(3, seed=seed, size=40)[0].convert("L") for seed in (1, 2))
    first.save(folder / "c.tif", save_all=True, append_images=[second])
    first.save(folder / "a.png")
    second.save(folder / "box" / "b.png")
    (folder / "d.png").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def undisturbed(scans: Path) -> Path:
    """The output of a batch that nothing happened to."""
    output = scans.parent / "undisturbed"
    done = transcribe(scans, output)
    assert done.returncode == 1, done.stderr
    assert "d.png: is not an image" in done.stderr
    assert f"{PAGES - 1} pages read, 1 failed" in done.stderr
    return output


def transcribe(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    return run_command("", *_command(*words)[3:], env=_environment(), **options)


def _command(*words: object) -> list[str]:
    source, output, *more = map(str, words)
    return [sys.executable, "-m", "gluon_htr", "transcribe", source, "--output", output, "--workers", "2", *more]


def _environment() -> dict[str, str]:
    return command_environment(SOURCE_DATE_EPOCH="1700000000")


def files(output: Path) -> dict[str, bytes]:
    found = sorted(path for path in output.rglob("*") if path.suffix == ".xml" or path.name.startswith("."))
    return {str(path.relative_to(output)): path.read_bytes() for path in found}


def rows(output: Path) -> list[dict[str, object]]:
    """The lines of `results.parquet`, without the time that they took."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install gluon-htr[scale]")
    return parquet.read_table(output / "results.parquet").drop_columns(["seconds"]).to_pylist()  # type: ignore[no-any-return]


def test_each_page_has_its_result(undisturbed: Path) -> None:
    """Results could not be found by the names of their pages."""
    assert list(files(undisturbed)) == ["a.xml", "box/b.xml", "c-0001.xml", "c-0002.xml"]
    report = (undisturbed / "report.html").read_text(encoding="utf-8")
    assert "4 read, 1 failed" in report
    assert "href='c-0002.xml'" in report


def test_the_table_has_all_lines_in_order(undisturbed: Path) -> None:
    """Whoever loads the results into a database would lose the way back to the page."""
    table = rows(undisturbed)
    assert [row["file"] for row in table] == sorted(str(row["file"]) for row in table)
    assert {row["number"] for row in table if str(row["file"]).startswith("c-")} == {1, 2}
    line = table[0]
    assert str(line["page"]).endswith("a.png")
    assert len(line["polygon"]) >= 4  # type: ignore[arg-type]
    assert 0 <= float(str(line["confidence"])) <= 1
    assert "pages" in str(line["model"])


def test_the_same_command_has_nothing_left_to_do(undisturbed: Path, scans: Path) -> None:
    """A page would be read at each start."""
    before = files(undisturbed)
    stamps = {path: path.stat().st_mtime_ns for path in undisturbed.glob("*.xml")}
    done = transcribe(scans, undisturbed)
    assert done.returncode == 1
    assert files(undisturbed) == before
    assert stamps == {path: path.stat().st_mtime_ns for path in undisturbed.glob("*.xml")}


def test_a_killed_batch_goes_on(undisturbed: Path, scans: Path, tmp_path: Path) -> None:
    """After a power cut, results would be lost, doubled, or different."""
    output = tmp_path / "killed"
    for _ in range(2):
        with subprocess.Popen(_command(scans, output), env=_environment(), stderr=subprocess.DEVNULL) as process:
            end = time.monotonic() + 60
            known = _recorded(output)
            while process.poll() is None and _recorded(output) == known and time.monotonic() < end:
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL, "it ended before it could be killed"
    assert 0 < _recorded(output) < len(rows(undisturbed))
    done = transcribe(scans, output)
    assert done.returncode == 1, done.stderr
    assert files(output) == files(undisturbed)
    assert rows(output) == rows(undisturbed)


def _recorded(output: Path) -> int:
    """How many pages the journal has."""
    try:
        with sqlite3.connect(f"file:{output / 'journal.sqlite'}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT COUNT(*) FROM page WHERE state = 'done'").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_what_was_repaired_is_read(scans: Path, undisturbed: Path, tmp_path: Path) -> None:
    """The pages that failed would have to be found and read by hand."""
    copy, output = tmp_path / "scans", tmp_path / "output"
    copy.mkdir()
    (copy / "d.png").write_bytes(b"no image")
    assert transcribe(copy, output).returncode == 1
    shutil.copy(scans / "a.png", copy / "d.png")
    assert transcribe(copy, output).returncode == 1  # not tried again unless asked
    done = transcribe(copy, output, "--retry-failed")
    assert done.returncode == 0, done.stderr
    assert (output / "d.xml").is_file()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--page-timeout", "0.01s"), "it took longer than 0.01 s in each of 3 attempts"),
        (("--page-memory", "0.001"), "memory"),
        (("--page-memory", "0.05"), "memory"),  # enough to decode it, not to find its lines
    ],
)
def test_a_page_that_takes_too_much_is_given_up(
    options: tuple[str, str], reason: str, tmp_path: Path, command: Command
) -> None:
    """One page would end the batch, or the machine."""
    Image.fromarray(np.full((1500, 1500), 255, np.uint8)).save(tmp_path / "large.png")
    done = command("transcribe", tmp_path / "large.png", "--output", tmp_path / "out", "--workers", 1, *options)
    assert done.returncode == 1, done.stderr
    assert reason in done.stderr
    assert "1 failed" in done.stderr


def test_other_settings_need_another_folder(undisturbed: Path, scans: Path) -> None:
    """One folder would hold the results of two models."""
    done = transcribe(scans, undisturbed, "--format", "alto")
    assert refusal(done).endswith("was begun with format page, not alto: use another --output, or the same options")


def test_a_full_disk_ends_the_batch_in_one_line(scans: Path, tmp_path: Path) -> None:
    """A batch that cannot write would go through a million pages for nothing."""
    resource = pytest.importorskip("resource")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    done = transcribe(scans / "a.png", tmp_path / "out", preexec_fn=limit)
    assert "could not be written" in refusal(done)


def test_two_commands_do_not_share_a_folder(undisturbed: Path, scans: Path) -> None:
    """Each would read what the other reads."""
    fcntl = pytest.importorskip("fcntl")
    with open(undisturbed / ".lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = transcribe(scans, undisturbed)
    assert "is being written by another command" in refusal(done)


def test_nothing_to_read_is_refused(tmp_path: Path, command: Command) -> None:
    """A forgotten or misspelled argument would leave a folder that binds the next attempt."""
    forgotten = command("transcribe", "--output", tmp_path / "out")
    assert "name the pages" in refusal(forgotten)
    misspelled = command("transcribe", tmp_path / "scan", "--output", tmp_path / "out")
    assert "scan does not exist" in refusal(misspelled)
    assert not (tmp_path / "out").exists()


def test_other_formats(scans: Path, tmp_path: Path, command: Command) -> None:
    """PDF and HTML need the image of the page as well."""
    done = command("transcribe", scans / "c.tif", "--output", tmp_path / "out", "--format", "html", "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert "<img" in (tmp_path / "out" / "c-0002.html").read_text(encoding="utf-8")
    assert json.dumps("c.tif")[1:-1] in done.stderr or "2 pages read" in done.stderr


def test_the_pages_of_a_manifest(tmp_path: Path, command: Command) -> None:
    """Archives publish pages as IIIF manifests, on servers that are busy, and that miss some."""
    page = io.BytesIO()
    draw_page(3, seed=1, size=40)[0].save(page, "PNG")
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        asked.append(request.path)
        host = f"http://{request.headers['Host']}"
        if request.path == "/iiif/letters-1905/manifest":
            names = ("first", "second")
            bodies = [{"type": "Image", "id": f"{host}/{name}.png", "width": 9, "height": 9} for name in names]
            canvases = [{"type": "Canvas", "items": [{"items": [{"body": body}]}]} for body in bodies]
            manifest = {"type": "Manifest", "id": host + request.path, "items": canvases}
            send(request, 200, json.dumps(manifest).encode())
        elif request.path == "/first.png" and asked.count("/first.png") == 1:
            send(request, 429, Retry_After="0")
        elif request.path == "/first.png":
            send(request, 200, page.getvalue())
        else:
            send(request, 404)

    with serving(answer) as (address, _):
        manifest = address.replace("/page.jpg", "/iiif/letters-1905/manifest")
        refused = command("transcribe", manifest, "--output", tmp_path / "out")
        assert "is on a private network: --allow-private permits that" in refusal(refused)
        done = command("transcribe", manifest, "--output", tmp_path / "out", "--allow-private", "--workers", 1)
    assert done.returncode == 1, done.stderr
    assert "1 page read, 1 failed" in done.stderr
    assert "second.png does not exist (404)" in done.stderr
    assert "<TextLine" in (tmp_path / "out" / "letters-1905" / "0001.xml").read_text(encoding="utf-8")


def test_a_cluster_gives_the_same_results(scans: Path, undisturbed: Path, tmp_path: Path) -> None:
    """The results of an archive would depend on where it was read."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install gluon-htr[scale]")
    done = transcribe(scans, tmp_path / "out", "--engine", "ray")
    assert done.returncode == 1, done.stderr
    assert files(tmp_path / "out") == files(undisturbed)
    assert rows(tmp_path / "out") == rows(undisturbed)


def test_a_cluster_that_is_lost_costs_no_page(scans: Path, tmp_path: Path) -> None:
    """Every page that was still to be read would be given up, one after the other."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install gluon-htr[scale]")
    pages, output = tmp_path / "pages", tmp_path / "out"
    pages.mkdir()
    for number in range(100):
        shutil.copy(scans / "a.png", pages / f"{number}.png")
    command = _command(pages, output, "--engine", "ray")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_environment()) as running:
        wait_until(lambda: any(output.glob("*.xml")))
        subprocess.run(["pkill", "-KILL", "-P", str(running.pid), "raylet"], check=True)
        _, errors = running.communicate(timeout=120)
    assert running.returncode == 2
    assert "error: the Ray cluster has no machine left; repeat the command" in errors
    done = transcribe(pages, output, "--engine", "ray", timeout=120)
    assert done.returncode == 0, done.stderr
    assert "100 pages read, 0 failed" in done.stderr
