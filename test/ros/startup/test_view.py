# SPDX-License-Identifier: Apache-2.0
"""`tips_view` beside a live camera: the view that it hands to RViz, with a stand-in for RViz."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
import yaml
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.resources import share_dir
from tips_ros.ros.startup.view import looks_z_up
from tips_ros.ros.topics import qos

from ..live_graph import PATIENCE_S, until

pytestmark = pytest.mark.live

EXECUTABLE = str(share_dir().parents[1] / "lib" / "tips_ros" / "tips_view")


@pytest.fixture
def view(tmp_path: Path):
    """Runs `tips_view` beside a camera and returns what RViz was started with, and its view."""
    rviz = tmp_path / "lib" / "rviz2" / "rviz2"
    rviz.parent.mkdir(parents=True)
    rviz.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\n')
    rviz.chmod(0o755)
    index = tmp_path / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "rviz2").touch()
    graph = own_graph_environment()
    prefixes = f"{tmp_path}{os.pathsep}{os.environ['AMENT_PREFIX_PATH']}"

    def run(*arguments: str, **topics: type):
        stop = threading.Event()
        with RosSession("camera", graph) as camera:
            publishers = [
                (kind, camera.node.create_publisher(kind, topic, qos.output()))
                for topic, kind in topics.items()
            ]

            def publish() -> None:
                while not stop.wait(0.05):
                    for kind, publisher in publishers:
                        publisher.publish(kind(header=Header(frame_id="usb_cam")))

            thread = threading.Thread(target=publish)
            thread.start()
            try:
                done = subprocess.run(
                    [EXECUTABLE, *arguments],
                    env=os.environ | graph | {"AMENT_PREFIX_PATH": prefixes},
                    capture_output=True, text=True, timeout=PATIENCE_S, check=False,
                )  # fmt: skip
            finally:
                stop.set()
                thread.join()
        assert done.returncode == 0, done.stderr
        given = (tmp_path / "arguments").read_text().splitlines()
        assert given[0] == "-d"
        file = Path(given[1])
        try:
            return given[2:], yaml.safe_load(file.read_text(encoding="utf-8"))
        finally:
            file.unlink()

    return run


def fixed_frame(view) -> str:
    frame: str = view["Visualization Manager"]["Global Options"]["Fixed Frame"]
    return frame


def topics(view) -> list[str]:
    shown = [d for d in view["Visualization Manager"]["Displays"] if d["Enabled"]]
    return [d["Topic"]["Value"] for d in shown if "Topic" in d]


def ground(view) -> bool:
    (grid,) = [d for d in view["Visualization Manager"]["Displays"] if d["Name"] == "Ground"]
    enabled: bool = grid["Enabled"]
    return enabled


def test_the_fixed_frame_is_that_of_the_images_and_looks_along_the_camera(view):
    ros = ["--ros-args", "-r", "image:=/cam/image_raw", "-r", "__ns:=/robot1"]
    given, written = view(*ros, **{"/cam/image_raw": Image})
    assert given == ros
    assert fixed_frame(written) == "usb_cam"
    assert not ground(written)
    assert {"/cam/image_raw", "/robot1/tips/points_filtered"} <= {*topics(written)}


def test_a_compressed_camera_is_shown_by_the_topic_that_is_published(view):
    arguments = ["--transports", "compressed", "--ros-args", "-r", "image:=/cam/image"]
    _, written = view(*arguments, **{"/cam/image/compressed": CompressedImage})
    assert fixed_frame(written) == "usb_cam"
    assert "/cam/image/compressed" in topics(written)


def test_of_several_cameras_one_that_publishes_tells_the_frame(view):
    arguments = ["--cameras", "front", "rear", "--transports", "raw", "compressed"]
    _, written = view(*arguments, **{"/rear/image": CompressedImage})
    assert fixed_frame(written) == "usb_cam"
    assert {"/tips/front/points_filtered", "/tips/rear/points_filtered"} <= {*topics(written)}


def test_a_robot_s_frame_is_taken_as_given_without_a_camera_with_z_up(view):
    _, written = view("--frame", "base_link", "--ros-args", "-r", "image:=/cam/image")
    assert fixed_frame(written) == "base_link"
    assert ground(written)


def test_the_images_own_frame_is_no_robot_s_also_where_it_is_given(view):
    _, written = view("--frame", "usb_cam", **{"/image": Image})
    assert not ground(written)


@pytest.mark.parametrize(
    ("fixed", "of_images", "z_up"),
    [
        ("base_link", "cam", True),
        ("map", "", True),
        ("cam", "cam", False),
        ("front_optical_frame", "", False),
    ],
)
def test_looks_z_up_is_for_frames_that_are_no_camera_s(fixed, of_images, z_up):
    assert looks_z_up(fixed, of_images) == z_up


def test_without_rviz_one_line_says_how_to_install_it(tmp_path: Path):
    environment = os.environ | {"ROS_DISTRO": "jazzy", "AMENT_PREFIX_PATH": str(tmp_path)}
    done = subprocess.run(
        [EXECUTABLE], env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 1
    assert done.stderr == (
        "tips_view: RViz is not installed; run: sudo apt install ros-jazzy-rviz2\n"
    )


def test_it_can_be_interrupted_while_it_waits_for_a_camera(tmp_path: Path, view):
    """The fixture's stand-in makes RViz present."""
    prefixes = f"{tmp_path}{os.pathsep}{os.environ['AMENT_PREFIX_PATH']}"
    environment = own_graph_environment() | {"AMENT_PREFIX_PATH": prefixes}
    waiting = subprocess.Popen(
        [EXECUTABLE],
        env=os.environ | environment,
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with RosSession("beside", environment) as graph:
        until(lambda: "tips_view" in graph.node.get_node_names(), "it to wait")
    assert waiting.poll() is None
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=PATIENCE_S)
    assert waiting.returncode == 0, said
    assert "Traceback" not in said
    assert not (tmp_path / "arguments").exists()
