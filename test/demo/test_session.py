# SPDX-License-Identifier: Apache-2.0
"""The whole demonstration: a node in a process of its own, DDS, files, exit codes."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import psutil
import pytest

from tips_ros.bags import BagReader, BagWriter
from tips_ros.cli import main
from tips_ros.demo import session
from tips_ros.demo.live_numbers import LiveNumbers
from tips_ros.demo.session import DemoOptions, DemoProgress, Observer, run_session
from tips_ros.errors import UserError
from tips_ros.messages.outputs import DEFAULT_TOPICS
from tips_ros.messages.types import IMAGE
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.resources import sample_bag, sample_truth
from training.scenes.camera.camera_messages import CameraMessages

pytestmark = pytest.mark.live

PATIENCE_S = 120.0
FILES = ["demo.mcap", "demo.webp", "overview.png"]
ALL = [topic.name for topic in DEFAULT_TOPICS]
WITHOUT_CAMERA_INFO = [name for name in ALL if name not in ("points", "depth/camera_info")]


@pytest.fixture(scope="module")
def short_drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first three images of the sample bag whose truth is known, and what belongs to them."""
    path = tmp_path_factory.mktemp("bags") / "short"
    with BagReader(sample_truth()) as truth:
        known = [m.stamp_ns for m in truth.messages(["/ground_truth/depth/image/compressed"])][:3]
    with BagReader(sample_bag()) as whole, BagWriter(path) as short:
        for topic in whole.topics.values():
            short.add_topic(topic.name, topic.type, latched=topic.latched)
        for message in whole.messages():
            if message.stamp_ns in known or message.topic == "/tf_static":
                short.write(message.topic, message.stamp_ns, message.data)
    return path


def raw_bag(
    path: Path, encoding: str = "rgb8", frames: int = 2, info_topics: tuple[str, ...] = ()
) -> Path:
    """Raw images at 5 Hz, and CameraInfo where that is asked for."""
    with BagWriter(path) as writer:
        types = writer.typestore.types
        writer.add_topic("/camera/image_raw", IMAGE)
        for topic in info_topics:
            writer.add_topic(topic, "sensor_msgs/msg/CameraInfo")
        messages = CameraMessages(types, "camera")
        for index in range(frames):
            stamp_ns = 7 * 10**9 + index * 200_000_000
            stamp = types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 10**9))
            header = types["std_msgs/msg/Header"](stamp, "camera")
            pixels = np.full(48 * 64 * 3, index % 256, np.uint8)
            image = types[IMAGE](header, 48, 64, encoding, 0, 64 * 3, pixels)
            for topic in info_topics:
                info = messages.camera_info(stamp_ns, Intrinsics(40.0, 40.0, 31.5, 23.5, 64, 48))
                writer.write(topic, stamp_ns, info)
            writer.write("/camera/image_raw", stamp_ns, image)
    return path


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "tips_ros", "demo", *map(str, args)]


class Done(NamedTuple):
    """The end of a demonstration."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def demo(capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs the command in this process; its node is one of its own, as ever."""

    def run(*args: object) -> Done:
        capfd.readouterr()
        returncode = main(["demo", *map(str, args)])
        return Done(returncode, *capfd.readouterr())

    return run


def messages_by_topic(path: Path) -> dict[str, list]:
    found: dict[str, list] = {}
    with BagReader(path) as reader:
        for message in reader.messages():
            found.setdefault(message.topic, []).append(reader.deserialize(message))
    return found


def stamps(messages: list) -> list[tuple[int, int]]:
    return [(m.header.stamp.sec, m.header.stamp.nanosec) for m in messages]


def node_processes(folder: Path) -> list[int]:
    """Processes of nodes whose parameters lie in this folder."""
    words = {one.pid: one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])}
    return [p for p, w in words.items() if "tips_ros.ros.main" in w and str(folder) in str(w)]


def until(predicate, what: str):
    deadline = time.monotonic() + PATIENCE_S
    while not (value := predicate()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)
    return value


@pytest.mark.parametrize(
    ("topics", "named"),
    [
        (("/camera/image_raw/camera_info",), None),
        (("/left/calibration", "/right/calibration"), "/right/calibration"),
    ],
    ids=["below the images", "named"],
)
def test_the_camera_info_may_be_anywhere(demo, tmp_path: Path, topics: tuple[str, ...], named: str):
    bag = raw_bag(tmp_path / "bag", frames=4, info_topics=topics)
    asked = ("--camera-info-topic", named) if named else ()
    done = demo("--bag", bag, "--output", tmp_path / "out", *asked)
    assert done.returncode == 0, done.stderr
    assert f"camera_info  {named or topics[0]}" in done.stdout
    assert messages_by_topic(tmp_path / "out" / "demo.mcap")["/tips/points"]


def test_a_bag_is_answered_recorded_drawn_measured_and_summed_up(
    demo, short_drive: Path, tmp_path: Path
):
    out = ("--output", tmp_path / "out")
    done = demo("--bag", short_drive, "--truth", sample_truth(), *out, "--rate", 0.4)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES

    recorded = messages_by_topic(tmp_path / "out" / "demo.mcap")
    with BagReader(short_drive) as reader:
        camera = ["/camera/image_raw/compressed", "/camera/camera_info"]
        played = {topic: [] for topic in reader.topics}
        for message in reader.messages():
            played[message.topic].append(reader.deserialize(message))
    for topic in camera:
        assert stamps(recorded[topic]) == stamps(played[topic]), topic
    if importlib.util.find_spec("tf2_msgs"):  # ./run builds it where ROS has none
        for topic in ("/tf", "/tf_static"):
            assert [m.transforms for m in recorded[topic]] == [m.transforms for m in played[topic]]
    for name in ALL:
        answers = stamps(recorded[f"/tips/{name}"])
        assert answers and set(answers) <= set(stamps(played[camera[0]])), name
    assert recorded["/diagnostics"]
    (classes,) = recorded["/tips/semantic/classes"]
    assert classes.trained is True and classes.names[0] == "wall"

    rows = dict(re.findall(r"^  ([\w/]+) +(\d+) .* ms$", done.stdout, re.MULTILINE))
    assert rows == {name: str(len(recorded[f"/tips/{name}"])) for name in ALL}
    assert "3 frames" in done.stdout and "3 played" in done.stdout
    assert "UNTRAINED" not in done.stdout
    assert re.search(r"accuracy by drive_truth, on [1-3] answers to the 30 frames", done.stdout)
    assert re.search(r"^    depth    AbsRel \d\.\d{3}, δ < 1\.25 for ", done.stdout, re.MULTILINE)
    assert re.search(r"^    normals  \d+\.\d deg off", done.stdout, re.MULTILINE)
    assert re.search(r"^    classes  mIoU .* best .*, worst ", done.stdout, re.MULTILINE)

    picture = cv2.imread(str(tmp_path / "out" / "overview.png"))
    assert picture is not None and picture.shape[1] == 1600


def test_without_a_bag_the_sample_bag_is_played_and_measured(demo, tmp_path: Path):
    done = demo("--output", tmp_path / "out", "--rate", 4)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("drive: 120 frames in ")
    assert re.search(r"^  accuracy.* drive_truth", done.stdout, re.MULTILINE)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES


class Reader(Observer):
    """Reads the numbers whenever it may."""

    def __init__(self) -> None:
        self.read: list[LiveNumbers] = []

    def numbers(self, read: Callable[[], LiveNumbers]) -> None:
        self.read.append(read())


def test_its_numbers_can_be_read_while_it_goes_on(short_drive: Path, tmp_path: Path):
    reader = Reader()
    options = DemoOptions(short_drive, tmp_path / "out" / "demo.mcap", "demo", rate=0.4)
    result = run_session(options, reader)
    assert reader.read[0].answered <= 1 and reader.read[0].latency_s is None
    last = reader.read[-1]
    assert last.answered == result.report.published
    assert last.latency_s is not None and 0.0 < last.latency_s[0] < PATIENCE_S
    assert last.depth_m is not None and 0.1 < last.depth_m[0] < last.depth_m[2] < 16.0
    assert {"wall", "floor"} <= {name for name, _ in last.classes}
    assert last.node["model"] == "demo"


def test_a_truth_that_is_none_is_told_before_anything_is_played(
    demo, short_drive: Path, tmp_path: Path
):
    done = demo("--bag", short_drive, "--truth", short_drive, "--output", tmp_path / "out")
    assert done.returncode == 2
    assert "short has no truth" in done.stderr
    assert not (tmp_path / "out").exists()


def test_raw_images_without_camera_info_are_all_answered_but_for_the_points(demo, tmp_path: Path):
    out = tmp_path / "out"
    done = demo("--bag", raw_bag(tmp_path / "bag"), "--output", out, "--rate", 0.5)
    assert done.returncode == 0, done.stderr
    assert "2 played, 2 answered\n" in done.stdout
    assert "none in this bag: no points" in done.stdout
    assert "accuracy" not in done.stdout
    recorded = messages_by_topic(out / "demo.mcap")
    for name in WITHOUT_CAMERA_INFO:
        assert stamps(recorded[f"/tips/{name}"]) == stamps(recorded["/camera/image_raw"]), name
    assert "/tips/points" not in recorded


def test_images_that_cannot_be_read_are_counted_and_named_and_the_exit_code_says_so(
    demo, tmp_path: Path
):
    bag = raw_bag(tmp_path / "bag", encoding="smell8")
    done = demo("--bag", bag, "--output", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    assert re.search(r"2 played, 0 answered, .*unreadable", done.stdout)
    assert "smell8" in done.stdout and "nothing was answered" in done.stdout
    assert (tmp_path / "out" / "demo.mcap").is_file()


def test_a_model_that_can_not_be_loaded_is_the_node_s_own_reason_and_exit_code_2(
    demo, tmp_path: Path
):
    out, model = tmp_path / "out", tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"no weights")
    done = demo("--bag", raw_bag(tmp_path / "bag"), "--output", out, "--model", model)
    assert done.returncode == 2
    assert re.search(r"tips_ros: the node did not start: .*model\.safetensors", done.stderr)
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--model", "no-such-model"), "no model 'no-such-model'"),
        (("--model", "tips-g14"), "tips_ros download tips-g14"),
        (("--device", "gpu"), "name one as torch does"),
    ],
)
def test_what_no_node_could_start_with_is_told_before_one_is(
    asked, said, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing"))
    monkeypatch.setattr(session, "run_session", None)  # nothing is started
    out = tmp_path / "out"
    assert main(["demo", "--output", str(out), *asked]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists() or not list(out.iterdir())


def test_ctrl_c_ends_the_node_and_leaves_no_half_recording(tmp_path: Path):
    out = tmp_path / "out"
    bag = raw_bag(tmp_path / "bag", frames=400)
    with subprocess.Popen(
        command("--bag", bag, "--output", out), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        # The recording begins when the node is active.
        until(lambda: list(out.glob(".demo.*/.demo.*")), "the recording to begin")
        assert node_processes(tmp_path)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=PATIENCE_S)[0].decode()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert node_processes(tmp_path) == []
    assert list(out.iterdir()) == []


def test_a_node_that_dies_while_it_works_is_told_with_its_last_words(tmp_path: Path):
    class Killer(Observer):
        def frames(self, progress: DemoProgress) -> None:
            for process in node_processes(tmp_path):
                os.kill(process, signal.SIGKILL)

    options = DemoOptions(
        bag=raw_bag(tmp_path / "bag", frames=400),
        recording=tmp_path / "out" / "demo.mcap",
        model="demo",
    )
    with pytest.raises(UserError, match="the node ended while it worked: "):
        run_session(options, Killer())
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_in_the_place_of_the_recording_is_not_touched(demo, tmp_path: Path):
    (tmp_path / "out" / "demo.mcap").mkdir(parents=True)
    done = demo("--bag", raw_bag(tmp_path / "bag"), "--output", tmp_path / "out")
    assert done.returncode == 2
    assert "demo.mcap is a folder; remove it, or choose another --output" in done.stderr
    assert (tmp_path / "out" / "demo.mcap").is_dir()
