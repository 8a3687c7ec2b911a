# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bags --ray`: the same results by several machines, whatever becomes of one of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tips_ros.bags import BagReader
from tips_ros.cli import main
from tips_ros.resources import sample_bag

from .test_bags import cut

pytestmark = pytest.mark.live  # processes that find each other by TCP
pytest.importorskip("ray", reason="Ray has no wheel for this machine")

OPTIONS = "--options=--topics depth/image,semantic/image --scale 0.25"
PATIENCE_S = 300.0
NODES = 2


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bags that take a while, and one that is broken."""
    folder = tmp_path_factory.mktemp("recordings")
    cut(folder / "monday", 30)
    cut(folder / "tuesday.mcap", 30)
    (folder / "wednesday.mcap").write_bytes((folder / "tuesday.mcap").read_bytes()[:20])
    return folder


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster's address."""
    script = Path(__file__).with_name("ray_cluster.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(NODES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # Workers use as many threads as the one process that they are compared with.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as cluster:
        assert cluster.stdin is not None and cluster.stdout is not None
        told = next(line for line in cluster.stdout if line.startswith("address "))
        yield told.split()[1]
        cluster.stdin.close()


def payloads(bag: Path) -> list[tuple[str, int, bytes]]:
    with BagReader(bag) as reader:
        return [(m.topic, m.stamp_ns, bytes(m.data)) for m in reader.messages()]


def manifest(folder: Path) -> dict:
    """The manifest without how long it took."""
    bags = json.loads((folder / "manifest.json").read_text())["bags"]
    for bag in bags.values():
        del bag["seconds"]
    return bags


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tips_ros", "bags", *arguments, OPTIONS],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def half_written(folder: Path) -> str:
    """Name of a bag that is being written in a folder, once there is one."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for file in folder.glob(".*/*/*.mcap"):
            return file.stem
        time.sleep(0.02)
    raise AssertionError(f"nothing was begun in {folder}")


def writer_of(name: str, folder: Path) -> psutil.Process:
    """The process that writes it there."""
    result = str(folder / name)
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "bag" in command and any(part.removesuffix(".mcap") == result for part in command):
            return process
    raise AssertionError(f"nobody writes {result}")


@pytest.mark.slow
def test_a_node_that_is_lost_loses_nothing_and_the_results_are_those_of_one_process(
    recordings: Path, address: str, tmp_path: Path
):
    alone, together = tmp_path / "alone", tmp_path / "together"
    with started(str(recordings), str(alone)) as run:
        assert run.wait(PATIENCE_S) == 1, "one bag is broken"

    with started(str(recordings), str(together), "--ray", address) as run:
        name = half_written(together)
        writer = writer_of(name, together)
        (raylet,) = (parent for parent in writer.parents() if parent.name() == "raylet")
        # All of the node at once, but not what it had started: that has to end by itself.
        for process in (raylet, *raylet.children(recursive=True)):
            if process != writer:
                process.send_signal(signal.SIGKILL)
        assert not list(together.glob(f"{name}*")), "it was not done yet"
        said, _ = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 1, said
    assert "2 of 3 bags are done" in said and "wednesday.mcap: failed: " in said, said
    assert "was lost; begun again on" in said, said
    assert not writer.is_running(), "what was started by a lost node ends with it"
    assert manifest(together) == manifest(alone)
    for name in ("monday", "tuesday.mcap"):
        assert payloads(together / name) == payloads(alone / name)
    assert sorted(p.name for p in together.iterdir()) == sorted(p.name for p in alone.iterdir())

    # What is done is not done again.
    (recordings / "wednesday.mcap").unlink()
    with started(str(recordings), str(together), "--ray", address) as run:
        said, _ = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0 and "2 of 2 bags are done already" in said, said


def test_a_cluster_of_this_machine_alone_waits_no_more_than_any_other_work(
    recordings: Path, tmp_path: Path
):
    command = [sys.executable, "-m", "tips_ros", "bags", str(recordings / "tuesday.mcap")]
    with subprocess.Popen(
        [*command, str(tmp_path / "out"), "--ray", "local", OPTIONS],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={name: text for name, text in os.environ.items() if name != "RAY_worker_niceness"},
    ) as run:
        niceness: set[int] = set()
        while run.poll() is None:
            for process in psutil.Process(run.pid).children(recursive=True):
                with suppress(psutil.Error):
                    if "tips_ros.offline.fleet.bound_process" in process.cmdline():
                        niceness.add(process.nice())
            time.sleep(0.2)
        said = run.communicate()[0]
    assert run.returncode == 0, said
    assert niceness == {os.nice(0)}


def test_a_cluster_that_is_not_there_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        bags = [str(sample_bag()), str(tmp_path / "out")]
        assert main(["bags", *bags, "--ray", f"127.0.0.1:{port}"]) == 2
        told = capsys.readouterr().err
        assert "nobody answers there" in told and f"ray start --head --port={port}" in told
        assert told.count("\n") == 1
        assert main(["bags", *bags, "--ray", "ray://head:10001"]) == 2
    assert "give HOST:PORT" in capsys.readouterr().err


def test_without_ray_one_line_says_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["bags", str(sample_bag()), str(tmp_path / "out"), "--ray", "auto"]) == 2
    told = capsys.readouterr().err
    assert "no `tips_ros bags --ray`; " in told and "pip install" in told
    assert told.count("\n") == 1
