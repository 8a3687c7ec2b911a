# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bag` ended while it writes: nothing half-written has its name, what is left is read."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tips_ros.bags import BagError, BagReader, BagWriter
from tips_ros.resources import sample_bag

pytestmark = pytest.mark.slow

IMAGES = 400  # for longer than the test takes to send its signal
DEPTH = "/tips/depth/image"
OPTIONS = ("--topics", "depth/image", "--scale", "0.125")
PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    """The images of the sample bag, over and over."""
    path = tmp_path_factory.mktemp("recording") / "in"
    with BagReader(sample_bag()) as whole, BagWriter(path) as long:
        for topic in whole.topics.values():
            long.add_topic(topic.name, topic.type, latched=topic.latched)
        kept = list(whole.messages())
        for number in range(IMAGES):
            message = kept[number % len(kept)]
            long.write(message.topic, whole.start_ns + number * 10**7, message.data)
    return path


class Run:
    """A process of `tips_ros bag`."""

    def __init__(self, recording: Path, out: Path) -> None:
        self.out = out
        command = (sys.executable, "-m", "tips_ros", "bag", str(recording), str(out), *OPTIONS)
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def leftovers(self) -> list[Path]:
        """The bags that it writes beside its place."""
        return [file.parent for file in self.out.parent.glob(".*/*/*.mcap")]

    def written(self) -> int:
        """Bytes in them."""
        return sum(f.stat().st_size for f in self.out.parent.glob(".*/*/*.mcap"))

    def end(self, number: int) -> int:
        """Sends a signal once it has written something; its status."""
        end = time.monotonic() + PATIENCE_S
        while self.written() < 1_000_000:
            assert self.process.poll() is None and time.monotonic() < end, self.process.stderr
            time.sleep(0.01)
        self.process.send_signal(number)
        self.said = self.process.communicate(timeout=PATIENCE_S)[1]
        return self.process.returncode


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "out"), (signal.SIGTERM, "out.mcap")]
)
def test_one_that_is_asked_to_end_leaves_nothing_half_written(recording, tmp_path, number, name):
    run = Run(recording, tmp_path / name)
    assert run.end(number) == 130
    assert "Traceback" not in run.said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out", "out.mcap"])
def test_what_one_that_was_killed_wrote_is_read_and_named_to_the_next(
    recording, tmp_path, caplog, name
):
    run = Run(recording, tmp_path / name)
    assert run.end(signal.SIGKILL) == -signal.SIGKILL
    assert not run.out.exists()
    with pytest.raises(BagError):
        BagReader(run.out)
    (left,) = run.leftovers()
    with BagReader(left) as reader:
        messages = list(reader.messages())
        depths = [reader.deserialize(m) for m in messages if m.topic == DEPTH]
    assert depths and all(len(d.data) == d.step * d.height for d in depths)
    with BagWriter(run.out) as writer:
        writer.add_topic("/chatter", "std_msgs/msg/String")
        writer.write("/chatter", 1, writer.typestore.types["std_msgs/msg/String"]("again"))
    assert f"{left}: left by a writer" in caplog.text and "remove it" in caplog.text
    assert left.is_dir(), "whoever may be at work in it is not disturbed"
