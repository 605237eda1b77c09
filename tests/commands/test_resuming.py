"""A training that ends early goes on where it ended, or says why it does not."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from letters import WORDS, draw
from needs_mxnet import need_mxnet
from support import (
    TINY,
    Command,
    command_environment,
    last_state,
    refusal,
    run_command,
    same_arrays,
    tiny_preset,
    training,
)

need_mxnet()


@pytest.mark.parametrize("engine", ["mxnet", pytest.param("torch", marks=pytest.mark.torch)])
def test_a_run_killed_at_any_moment_ends_with_the_same_weights(engine: str, words: Path, tmp_path: Path) -> None:
    """A crash would cost the training, or change what it ends with."""
    if engine == "torch":
        pytest.importorskip("torch")
    states = []
    for name, interrupted in (("whole", False), ("killed", True)):
        arguments = training(words, tmp_path / name, "--resume", "--engine", engine)
        if interrupted:
            _kill_twice([sys.executable, "-m", "gluon_htr.train", *arguments], tmp_path / name)
        done = run_command("train", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert ("continues at step" in done.stderr) == interrupted
        states.append(last_state(tmp_path / name))
    assert same_arrays(*states)


def _kill_twice(command: list[str], output: Path) -> None:
    """Kills the training right after its first validation, then again a little later."""
    for validations in (1, 2):
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env=command_environment(), cwd=output.parent
        )
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(f"epoch {validations}:"):
                time.sleep(random.Random(validations).random() * 0.1)
                process.kill()
                break
        process.stderr.close()
        process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
def test_a_worker_that_is_killed_ends_the_run_with_what_to_do(words: Path, tmp_path: Path) -> None:
    """Where memory runs out the kernel kills a worker, and the user would be told to report a defect of ours."""
    config = tiny_preset(tmp_path, epochs=1000)
    arguments = training(words, tmp_path / "run", "--config", config, "--workers", "1", "--resume")
    command = [sys.executable, "-m", "gluon_htr.train", *arguments]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=command_environment(), cwd=tmp_path
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 1:"):
                os.kill(_worker_of(process.pid), signal.SIGKILL)
                break
        said = process.stderr.read().splitlines()
    assert process.returncode == 2
    assert said[-1].startswith("error: a worker process ended unexpectedly")
    done = run_command("train", *arguments, "--budget", "1s", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "continues at step" in done.stderr


def _worker_of(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next(int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes())


KILLED_AT_WRITE = """
import os, sys
from gluon_htr import train
from gluon_htr.training import loop

left = int(sys.argv.pop(1))

def dying(write):
    def written(*arguments):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return write(*arguments)
    return written

loop.save_checkpoint, loop.write_atomically = dying(loop.save_checkpoint), dying(loop.write_atomically)
sys.exit(train.main(sys.argv[1:]))
"""


LIMITED = """
import resource, sys
from gluon_htr import _command, train

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
sys.exit(_command.main(train.main))
"""


@pytest.mark.parametrize("write", [2, 3, 4])
def test_a_run_killed_between_two_files_of_a_checkpoint_ends_with_the_same_weights(
    write: int, run: Path, words: Path, tmp_path: Path
) -> None:
    """A crash at the wrong moment would make it go on from weights that belong to no step."""
    arguments = training(words, tmp_path / "run", "--resume")
    places = {"capture_output": True, "text": True, "env": command_environment(), "cwd": tmp_path}
    killed = subprocess.run([sys.executable, "-c", KILLED_AT_WRITE, str(write), *arguments], **places)
    assert killed.returncode == 9, killed.stderr
    done = run_command("train", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert same_arrays(last_state(run), last_state(tmp_path / "run"))


def test_ctrl_c_saves_and_says_how_to_go_on(words: Path, tmp_path: Path) -> None:
    """An evening's training would be lost to a key."""
    slow = TINY.read_text().replace("epochs = 3", "epochs = 500")
    (tmp_path / "slow.toml").write_text(slow)
    arguments = training(words, tmp_path / "run")
    arguments[arguments.index("--config") + 1] = "slow.toml"
    command = [sys.executable, "-m", "gluon_htr.train", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=command_environment(), cwd=tmp_path)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 1:"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130
    assert "--resume" in rest
    assert "Traceback" not in rest
    assert (tmp_path / "run" / "checkpoints" / "last.params").exists()


def test_a_full_disk_while_saving_is_one_line_and_loses_nothing(words: Path, command: Command, tmp_path: Path) -> None:
    """The checkpoint of yesterday would be overwritten by half of today's."""
    pytest.importorskip("resource")
    arguments = training(words, tmp_path / "run", "--config", tiny_preset(tmp_path, epochs=400), "--resume")
    begun = command("train", *arguments, "--budget", "2s")
    assert begun.returncode == 0, begun.stderr
    checkpoint = tmp_path / "run" / "checkpoints" / "last.params"
    before, room = checkpoint.read_bytes(), checkpoint.stat().st_size // 2
    full = [sys.executable, "-c", LIMITED, str(room), *arguments, "--budget", "6s"]
    done = subprocess.run(full, capture_output=True, text=True, env=command_environment(), cwd=tmp_path, timeout=60)
    assert done.returncode == 2
    assert "the disk is full" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert checkpoint.read_bytes() == before
    assert not list(tmp_path.rglob("*.part"))
    again = command("train", *arguments, "--budget", "3s")
    assert again.returncode == 0, again.stderr
    assert "continues at step" in again.stderr


def test_an_existing_run_is_not_overwritten_nor_resumed_differently(
    run: Path, words: Path, command: Command, tmp_path: Path
) -> None:
    """A second experiment would destroy the first."""
    assert "--resume" in refusal(command("train", *training(words, run)))
    assert "seed" in refusal(command("train", *training(words, run, "--resume", "--seed", "5")))
    assert "precision" in refusal(command("train", *training(words, run, "--resume", "--precision", "bfloat16")))
    assert "--seed -1" in refusal(command("train", *training(words, tmp_path / "new", "--seed", "-1")))
    (tmp_path / "other.json").write_text('{"characters": ["a", "b"]}')
    other = command("train", *training(words, run, "--resume", "--alphabet", tmp_path / "other.json"))
    assert "was started with another alphabet" in refusal(other)
    same = command("train", *training(words, run, "--resume", "--alphabet", run / "alphabet.json"))
    assert same.returncode == 0, same.stderr


def test_a_run_goes_on_in_the_precision_that_it_began_with(
    run: Path, words: Path, command: Command, tmp_path: Path
) -> None:
    """On a machine with other instructions, `--precision auto` would be refused as another run."""
    assert 'precision = "float32"' in (run / "run.toml").read_text()
    done = command("train", *training(words, run, "--resume", "--precision", "auto"))
    assert done.returncode == 0, done.stderr
    new = command("train", *training(words, tmp_path / "new", "--precision", "auto", "--budget", "1s"))
    assert new.returncode == 0, new.stderr
    assert 'precision = "float32"' in (tmp_path / "new" / "run.toml").read_text()  # the engine is mxnet


def test_a_run_does_not_go_on_with_other_data(command: Command, tmp_path: Path) -> None:
    """With a line more, other lines are held out: a run would be scored on lines that it was trained on."""
    for k, word in enumerate(WORDS * 2):
        draw(word).save(tmp_path / f"{k}.png")
    rows = [f"{k}.png\t{word}\n" for k, word in enumerate(WORDS * 2)]
    labels = tmp_path / "labels.tsv"
    arguments = ["--config", TINY, "--data", f"listing:{labels}", "--output", "run", "--workers", "0", "--resume"]
    labels.write_text("".join(rows))
    assert command("train", *arguments, "--budget", "0.1s").returncode == 0
    changed = (rows[:-1], [*rows[:-1], rows[-1].replace("beeb", "bead")])
    for content in changed:
        labels.write_text("".join(content))
        assert "data have changed since it began" in command("train", *arguments).stderr
    labels.write_text("".join(rows))
    older = re.sub("data_digest.*\n", "", (tmp_path / "run" / "run.toml").read_text())
    (tmp_path / "run" / "run.toml").write_text(older)  # as versions wrote it that knew no digest
    told = command("train", *arguments, "--budget", "0.1s").stderr
    assert "continues at step" in told
    assert "where it ended: a longer --budget" in told  # else the same figures would be printed without a reason


def test_a_training_that_is_asked_to_stop_is_saved(words: Path, tmp_path: Path) -> None:
    """Docker and Slurm ask with SIGTERM: minutes of training would be lost, and the status would not tell."""
    config = tiny_preset(tmp_path, epochs=1000)
    command = [sys.executable, "-m", "gluon_htr.train", *training(words, tmp_path / "run", "--config", str(config))]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=command_environment(), cwd=tmp_path
    ) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("epoch 1:"):
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 143, said
    assert f"stopped and saved in {tmp_path / 'run'}" in said[-1]
    assert list((tmp_path / "run" / "checkpoints").glob("last*"))
