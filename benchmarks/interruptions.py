"""Kill commands that write at random moments, repeat them, and compare what they wrote with an undisturbed run.

    python benchmarks/interruptions.py [--kills 100] [--sample ../shared/data/sample/iam] [--seed 0]

The commands: `prepare` (records and a cache), `synthesize`, `download` (an import of archives), `train` with each
engine that is installed, `export`, and `serve` while it stores corrections; then two processes at once write each
output. Kills are SIGKILL. Nothing may be lost, doubled or damaged, and after the repetition no file may be left that an
undisturbed run does not leave. Prints a line for each command, and exits with 1 if something is wrong.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.util
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

from gluon_htr.networks.presets import preset_text

PROJECT = Path(__file__).resolve().parent.parent
GLUON_HTR = [sys.executable, "-W", "ignore", "-m", "gluon_htr"]
ARCHIVES = ("words.tgz", "xml.tgz", "ascii.tgz")
#: What differs between two runs without a fault: times, and pictures that have them.
UNEQUAL = ("log.jsonl", "run.toml", "events.out.tfevents*", "curves.png", "scores.json", "last.params", "origin.json")


@dataclass(frozen=True)
class Command:
    """A command that writes. words: `OUTPUT` stands for what it writes. share: of all kills."""

    name: str
    words: tuple[str, ...]
    share: float
    #: Whether two undisturbed runs write the same bytes.
    repeats: bool = True


def commands(sample: Path, run: Path) -> list[Command]:
    """List what is tried. run: a finished training."""
    found = [
        Command("prepare records", ("prepare", f"iam-words:{sample}", "--output", "OUTPUT/data.rec"), 0.16),
        Command("prepare cache", ("prepare", f"iam-words:{sample}", "--output", "OUTPUT/data.pkl"), 0.12),
        Command(
            "synthesize",
            (
                "synthesize",
                f"fonts:hershey?corpus={PROJECT / 'README.md'}",
                "--count",
                "300",
                "--output",
                "OUTPUT/lines",
            ),
            0.14,
        ),
        Command(
            "download",
            ("download", "--root", "OUTPUT/iam", "--archive", *(str(sample / name) for name in ARCHIVES)),
            0.14,
        ),
    ]
    for engine, module in (("mxnet", "mxnet"), ("torch", "torch")):
        if importlib.util.find_spec(module):
            words = (*training(run.parent, "OUTPUT/run"), "--engine", engine)
            found.append(Command(f"train {engine}", words, 0.14, repeats=False))
    export = ("export", str(run), "--name", "mine", "--output", "OUTPUT/mine.zip")
    found.append(Command("export", export, 0.06))
    return found


def make_training(folder: Path) -> None:
    """Write a preset and pictures of numbers, on which a training takes seconds."""
    (folder / "short.toml").write_text(preset_text("digits").replace("epochs = 30", "epochs = 6"), "utf-8")
    picture = Image.open(PROJECT / "examples" / "number.png").convert("L").resize((96, 32))
    rows = ["path\ttext\tgroup"]
    for number in range(48):
        ImageChops.offset(picture, number).save(folder / f"{number}.png")
        rows.append(f"{number}.png\t{2000 + number}\t{number}")
    (folder / "labels.tsv").write_text("\n".join(rows), "utf-8")


def training(folder: Path, run: Path | str) -> tuple[str, ...]:
    """Return the words of a training on what `make_training` has written."""
    listing = f"listing:{folder / 'labels.tsv'}"
    words = ("train", "--config", str(folder / "short.toml"), "--data", listing)
    return (*words, "--validation", listing, "--workers", "0", "--seed", "3", "--resume", "--output", str(run))


def start(words: tuple[str, ...], output: Path) -> subprocess.Popen[str]:
    """Start a command that writes below this folder."""
    output.mkdir(parents=True, exist_ok=True)
    named = [word.replace("OUTPUT", str(output)) for word in words]
    return subprocess.Popen([*GLUON_HTR, *named], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a command; return its error messages, or nothing if it was done."""
    _, errors = process.communicate()
    return errors if process.returncode else ""


def contents(folder: Path, with_bytes: bool) -> dict[str, str]:
    """Return names below a folder, with digests of what has to be equal in two runs."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            unequal = not with_bytes or any(path.match(pattern) for pattern in UNEQUAL)
            name = re.sub(r"tfevents.*", "tfevents", path.relative_to(folder).as_posix())
            found[name] = "" if unequal else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def interrupt(command: Command, kills: int, work: Path, chance: random.Random) -> list[str]:
    """Kill a command so often, and return what is wrong."""
    calm, wild = work / "calm", work / "wild"
    began = time.monotonic()
    if errors := finish(start(command.words, calm)):
        return [f"it fails undisturbed: {errors[-300:]}"]
    lasts = time.monotonic() - began
    expected = contents(calm, command.repeats)
    wrong, killed, rounds = [], 0, 0
    while killed < kills:
        shutil.rmtree(wild, ignore_errors=True)
        rounds += 1
        for _ in range(min(3, kills - killed)):  # the third start may find what two left
            process = start(command.words, wild)
            try:
                process.communicate(timeout=chance.uniform(0, lasts))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                killed += 1
        if errors := finish(start(command.words, wild)):
            wrong.append(f"round {rounds} cannot be repeated: {errors[-300:]}")
            continue
        found = contents(wild, command.repeats)
        for name in sorted(expected.keys() ^ found.keys()):
            wrong.append(f"round {rounds}: {name} is {'left over' if name in found else 'lost'}")
        wrong += [
            f"round {rounds}: {name} differs"
            for name in expected.keys() & found.keys()
            if expected[name] != found[name]
        ]
    print(f"{command.name:16} {killed} kills in {rounds} rounds: {len(wrong)} faults", flush=True)
    return wrong


def collide(command: Command, work: Path) -> list[str]:
    """Let two processes write one output at once, and return what is wrong."""
    both, calm = work / "both", contents(work / "calm", command.repeats)
    processes = [start(command.words, both) for _ in range(2)]
    errors = [finish(process) for process in processes]
    wrong = [f"two at once: {each[-300:]}" for each in errors if each and len(each.strip().splitlines()[-1:]) != 1]
    if all(errors):
        wrong.append(f"two at once: both fail: {errors[0][-300:]}")
    found = contents(both, command.repeats)
    wrong += [
        f"two at once: {name} differs" for name in calm.keys() | found.keys() if calm.get(name) != found.get(name)
    ]
    told = sum(bool(each) for each in errors)
    print(f"{command.name:16} two at once: {2 - told} done, {told} refused, {len(wrong)} faults", flush=True)
    return wrong


def serve(kills: int, work: Path, chance: random.Random) -> list[str]:
    """Kill a server while it stores corrections: every one that it confirmed is there once."""
    folder, confirmed, sent = work / "corrections", dict[str, str](), 0
    picture = Image.open(PROJECT / "examples" / "number.png").convert("L")
    for _ in range(kills):
        words = ("serve", "--port", "0", "--model", "digits", "--corrections", str(folder))
        process = subprocess.Popen([*GLUON_HTR, *words], stderr=subprocess.PIPE, text=True)
        assert process.stderr
        address = next(match[0] for line in process.stderr if (match := re.search(r"http://[\w.:]+", line)))
        ends = time.monotonic() + chance.uniform(0.2, 2)
        while time.monotonic() < ends:
            path = work / f"{sent}.png"
            ImageChops.offset(picture, sent).save(path, pnginfo=None)
            text, sent = f"number {sent}", sent + 1
            body = {"image": "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode(), "text": text}
            request = urllib.request.Request(
                f"{address}/v1/corrections", json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
            killer = subprocess.Popen(["kill", "-9", str(process.pid)]) if time.monotonic() > ends - 0.05 else None
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    if answer.status == 201:
                        confirmed[text] = hashlib.sha256(path.read_bytes()).hexdigest()[:24]
            except OSError:
                pass
            if killer:
                break
        process.kill()
        process.communicate()
    rows = [line.split("\t") for line in (folder / "labels.tsv").read_text("utf-8").splitlines()]
    texts = [text for _, text, *_ in rows]
    wrong = [f"{text} was confirmed and is lost" for text in confirmed if text not in texts]
    wrong += [f"{text} is there twice" for text in set(texts) if texts.count(text) > 1]
    for name, text, *_ in rows:
        if not (folder / name).is_file():
            wrong.append(f"{name} of {text} is lost")
    print(f"{'serve':16} {kills} kills: {sent} sent, {len(confirmed)} confirmed, {len(wrong)} faults", flush=True)
    return wrong


def main() -> int:
    """Interrupt everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--sample", type=Path, default=PROJECT.parent / "shared" / "data" / "sample" / "iam")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, wrong = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as temporary:
        run = Path(temporary) / "finished"
        make_training(Path(temporary))
        if errors := finish(start(training(Path(temporary), run), Path(temporary))):
            sys.exit(errors)
        for command in commands(options.sample, run):
            work = Path(temporary) / command.name.replace(" ", "-")
            faults = interrupt(command, max(1, round(options.kills * command.share)), work, chance)
            faults += collide(command, work)
            wrong += [f"{command.name}: {fault}" for fault in faults]
            shutil.rmtree(work)
        work = Path(temporary) / "serve"
        work.mkdir()
        wrong += [f"serve: {fault}" for fault in serve(max(1, round(options.kills * 0.1)), work, chance)]
    print("\n".join(wrong[:40]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
