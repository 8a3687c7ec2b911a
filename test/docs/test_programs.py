# SPDX-License-Identifier: Apache-2.0
"""Programs on the pages do what the pages say: they are cut out and run."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import rclpy
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, PointCloud2, PointField
from std_msgs.msg import Header
from tips_ros.msg import ClassMap
from tips_ros.srv import SetPrompts

from tips_ros import cli
from tips_ros.perception.camera.camera_reading import read_camera_info
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE
from tips_ros.replay.domain import claim_domain
from tips_ros.ros.topics import qos

from .pages import SOURCE, blocks

pytestmark = pytest.mark.live

PATIENCE_S = 120.0  # only a test that fails waits so long


def program(page: str, language: str, begins: str) -> str:
    """The one block that begins so."""
    found = [b for b in blocks(SOURCE / "docs" / page, language) if b.startswith(begins)]
    assert len(found) == 1, f"{page} has {len(found)} blocks that begin with {begins!r}"
    return found[0]


def cloud_of(points: np.ndarray) -> PointCloud2:
    """A cloud of the node's layout."""
    fields = [
        PointField(
            name=n, offset=4 * i, count=1, datatype=6 if n == "label" else PointField.FLOAT32
        )
        for i, n in enumerate(CLOUD_DTYPE.names)
    ]
    message = PointCloud2(
        header=Header(frame_id="camera"), height=1, width=len(points), fields=fields, point_step=32
    )
    message.row_step = 32 * len(points)
    message.data.frombytes(points.tobytes())
    return message


@pytest.fixture
def graph():
    """A node in a graph of its own, beside which programs can be started."""
    domain = claim_domain()
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    node = Node("stand_in", context=context)
    yield node, {**os.environ, "ROS_DOMAIN_ID": str(domain), "PYTHONUNBUFFERED": "1"}
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_the_python_subscriber_prints_the_nearest_of_each_class(graph, tmp_path):
    node, environment = graph
    file = tmp_path / "nearest.py"
    file.write_text(program("subscribers.md", "python", "# nearest.py"), encoding="utf-8")
    points = np.zeros(4, CLOUD_DTYPE)
    points["z"] = 3.5, 2.25, np.nan, 7.0
    points["label"] = 4, 4, 4, 255
    classes = node.create_publisher(ClassMap, "/tips/semantic/classes", qos.latched())
    clouds = node.create_publisher(PointCloud2, "/tips/points", qos.output())
    classes.publish(ClassMap(ids=[4], names=["chair"]))
    log = tmp_path / "log.txt"
    with log.open("w") as out:
        started = subprocess.Popen(
            [sys.executable, str(file)], stdout=out, stderr=subprocess.STDOUT, env=environment
        )
    try:
        end = time.monotonic() + PATIENCE_S
        while not all(line in log.read_text() for line in ("chair: 2.25 m", "unlabelled: 7.00 m")):
            assert time.monotonic() < end and started.poll() is None, log.read_text()
            clouds.publish(cloud_of(points))
            time.sleep(0.1)
        started.send_signal(signal.SIGINT)
        assert started.wait(PATIENCE_S) == 0
    finally:
        started.kill()
        started.wait()
    assert "Traceback" not in log.read_text()


def test_a_camera_info_is_made_of_an_angle_of_view(graph, tmp_path):
    node, environment = graph
    file = tmp_path / "camera_info.py"
    file.write_text(program("cameras.md", "python", "# camera_info.py"), encoding="utf-8")
    came: list[CameraInfo] = []
    node.create_subscription(CameraInfo, "/eye/camera_info", came.append, 10)
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    started = subprocess.Popen(
        [sys.executable, str(file), "/eye/camera_info", "90", "640", "480"], env=environment
    )
    try:
        end = time.monotonic() + PATIENCE_S
        while not came:
            assert time.monotonic() < end and started.poll() is None
            executor.spin_once(timeout_sec=0.1)
        started.send_signal(signal.SIGINT)
        assert started.wait(PATIENCE_S) == 0
    finally:
        started.kill()
        started.wait()
        executor.shutdown()
    intrinsics = read_camera_info(came[0], image_size=(480, 640)).intrinsics
    assert (intrinsics.fx, intrinsics.fy) == pytest.approx((320, 320))
    assert (intrinsics.cx, intrinsics.cy) == (319.5, 239.5)


def test_the_python_client_sets_prompts_and_prints_the_answer(graph, tmp_path):
    node, environment = graph
    asked: list[SetPrompts.Request] = []

    def answer(request, response):
        asked.append(request)
        response.success = True
        return response

    node.create_service(SetPrompts, "/tips/set_prompts", answer)
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    code = program("subscribers.md", "python", "# prompts.py")
    log = tmp_path / "log.txt"
    with log.open("w") as out:
        started = subprocess.Popen(
            [sys.executable, "-c", code], stdout=out, stderr=subprocess.STDOUT, env=environment
        )
    try:
        end = time.monotonic() + PATIENCE_S
        while started.poll() is None:
            assert time.monotonic() < end, log.read_text()
            executor.spin_once(timeout_sec=0.1)
    finally:
        started.kill()
        started.wait()
        executor.shutdown()
    assert [list(request.prompts) for request in asked] == [["red cup", "door"]]
    assert "success=True" in log.read_text()


def test_a_written_bag_is_read_back_as_the_page_reads_it(tmp_path):
    out = tmp_path / "OUT"
    asked = ["bag", str(SOURCE / "samples" / "drive"), str(out), "--topics", "depth/image"]
    assert cli.main([*asked, "--scale", "0.1"]) == 0
    code = program("bags.md", "python", "# read_bag.py")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 120 and all(re.fullmatch(r"\d+ \d+\.\d\d m", line) for line in lines)


def test_the_cpp_subscriber_compiles(tmp_path):
    try:
        get_package_prefix("rclcpp")
    except PackageNotFoundError:
        pytest.skip("rclcpp is not in this ROS")
    (tmp_path / "nearest.cpp").write_text(program("subscribers.md", "cpp", "// nearest.cpp"))
    (tmp_path / "CMakeLists.txt").write_text(program("subscribers.md", "cmake", "cmake_minimum"))
    for step in (["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"]):
        done = subprocess.run(step, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_files_of_a_picture_are_read_as_the_page_reads_them(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (56, 84, 3), np.uint8)
    assert cv2.imwrite(str(tmp_path / "photo.png"), pixels)
    out = tmp_path / "out"
    size = ("--input-size", "56x84", "--hfov-deg", "63")
    assert cli.main(["infer", str(tmp_path / "photo.png"), *size, "--output", str(out)]) == 0
    code = program("pictures.md", "python", "# Prints how far away each class is")
    done = subprocess.run([sys.executable, "-c", code, str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *classes, last = done.stdout.splitlines()
    line = re.compile(r".+: \d+\.\d\d m, \d+% of the picture")
    assert classes and all(line.fullmatch(each) for each in classes)
    depth_m = np.load(out / "depth.npy")
    assert last == f"{depth_m.size} points, nearest at {depth_m.min():.2f} m"


def test_a_folder_of_pictures_is_gone_through_as_the_page_does_it(tmp_path, monkeypatch):
    [block] = [b for b in blocks(SOURCE / "docs" / "pictures.md", "bash") if " photos " in b]
    line = shlex.split(block.splitlines()[0])
    assert line[:3] == ["./run", "exec", "tips_ros"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for photo in ("one.png", "my two.png"):
        assert cv2.imwrite(f"photos/{photo}", np.full((56, 84, 3), 90, np.uint8))
    assert cli.main([*line[3:], "--input-size", "56x84"]) == 0
    found = {str(path.parent) for path in (tmp_path / "out" / "photos").rglob("points.ply")}
    assert len(found) == 2
