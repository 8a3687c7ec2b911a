# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bags`: many bags, each done once, whatever happens on the way."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tips_ros.bags import BagReader, BagWriter
from tips_ros.cli import main
from tips_ros.offline.fleet.manifest import sha256
from tips_ros.resources import sample_bag

DEPTH = ("--options", "--topics depth/image --scale 0.125")
PATIENCE_S = 120.0


def cut(path: Path, frames: int) -> None:
    """The first images of the sample bag."""
    with BagReader(sample_bag()) as whole, BagWriter(path) as short:
        for topic in whole.topics.values():
            short.add_topic(topic.name, topic.type, latched=topic.latched)
        until_ns = whole.start_ns + frames * 100_000_000
        for message in whole.messages():
            if message.stamp_ns < until_ns:
                short.write(message.topic, message.stamp_ns, message.data)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A bag that is a folder, one that is a file, and one that is broken."""
    folder = tmp_path / "recordings"
    cut(folder / "monday" / "drive", 2)
    cut(folder / "tuesday.mcap", 3)
    (folder / "wednesday.mcap").write_bytes((folder / "tuesday.mcap").read_bytes()[:20])
    return folder


def images(bag: Path) -> int:
    with BagReader(bag) as reader:
        return reader.topics["/tips/depth/image"].count


def test_what_is_done_is_not_done_again_and_one_broken_bag_holds_up_nobody(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    (out).mkdir()
    (out / ".tuesday.mcap.left").mkdir()  # of a run that was killed
    command = ["bags", str(recordings), str(out), "--workers", "2", *DEPTH]
    assert main(command) == 1
    said = capsys.readouterr().out
    assert "wednesday.mcap: failed: " in said and "2 of 3 bags are done" in said
    assert images(out / "monday" / "drive") == 2 and images(out / "tuesday.mcap") == 3
    assert sorted(p.name for p in out.iterdir()) == [
        ".lock", "manifest.json", "monday", "tuesday.mcap",
    ]  # fmt: skip
    noted = json.loads((out / "manifest.json").read_text())["bags"]
    assert list(noted) == ["monday/drive", "tuesday.mcap"]
    entry = noted["tuesday.mcap"]["output"]
    assert entry["sha256"] == sha256(out / "tuesday.mcap")
    assert entry["topics"]["/tips/depth/image"]["messages"] == 3

    shutil.rmtree(out / "monday")
    (recordings / "wednesday.mcap").unlink()
    cut(recordings / "wednesday.mcap", 1)
    kept = (out / "tuesday.mcap").stat().st_mtime_ns
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "1 of 3 bags are done already" in said and "3 of 3 bags are done" in said
    assert (out / "tuesday.mcap").stat().st_mtime_ns == kept
    assert images(out / "monday" / "drive") == 2 and images(out / "wednesday.mcap") == 1
    assert main(command) == 0
    assert "3 of 3 bags are done already" in capsys.readouterr().out


def test_a_run_that_is_killed_ends_what_it_had_started(recordings: Path, tmp_path: Path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tips_ros", "bags", str(recordings / "tuesday.mcap"), str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + PATIENCE_S
        process = psutil.Process(run.pid)
        while not (children := process.children()) or not list(out.glob(".tuesday.mcap.*")):
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.02)
        run.kill()
    _, writing = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not writing, "it would write beside the next run"
    assert not (out / "tuesday.mcap").exists()
    assert main([*command[3:], *DEPTH]) == 0
    assert sorted(p.name for p in out.iterdir()) == [".lock", "manifest.json", "tuesday.mcap"]


def test_a_run_that_is_ended_leaves_whole_bags_and_no_process(recordings: Path, tmp_path: Path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tips_ros", "bags", str(recordings / "tuesday.mcap"), str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + PATIENCE_S
        while not (children := psutil.Process(run.pid).children()):
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGTERM)
        assert run.wait(PATIENCE_S) == 130
    assert not any(child.is_running() for child in children)
    assert [path.name for path in out.iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere/*",), "nowhere/*: no bags there"),
        (("{bags}", "--options", "--topics 'depth"), "close what is quoted"),
        (("{bags}", "--options=--overwrite"), "replaced when they are not done"),
    ],
)
def test_what_cannot_be_is_told_before_the_work(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments, reason
):
    places, options = arguments[:1], arguments[1:]
    filled = [place.format(bags=recordings) for place in places]
    assert main(["bags", *filled, str(tmp_path / "out"), *options]) == 2
    assert reason in capsys.readouterr().err


def test_options_that_bag_does_not_take_are_told_by_it(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit):
        main(["bags", str(recordings), str(tmp_path / "out"), "--options=--colour"])
    assert "unrecognized arguments: --colour" in capsys.readouterr().err


def test_two_runs_into_one_folder_are_refused(recordings: Path, tmp_path: Path, capsys):
    from tips_ros.offline.fleet.manifest import hold

    with hold(tmp_path / "out"):
        assert main(["bags", str(recordings), str(tmp_path / "out")]) == 2
    assert "another call of `bags` is at work there" in capsys.readouterr().err
