# SPDX-License-Identifier: Apache-2.0
"""The node with optional packages missing: the rest comes, and one line says what doesn't."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header

from tips_ros.libraries import ENGINES, OPEN3D, OPTIONAL, ROS_OPTIONAL
from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.replay.domain import claim_domain
from tips_ros.ros.topics import qos

from ..ros.process_bench import ProcessBench

pytestmark = pytest.mark.live

# The demo model is in safetensors' format, and a node without a model is none.
EVERYTHING = tuple(
    library.module
    for library in (*OPTIONAL, *ENGINES, *ROS_OPTIONAL)
    # No demo model; no node.
    if library.module not in ("safetensors", "transforms3d", "psutil", "scipy")
)
# Only a test that fails waits so long.
PATIENCE_S = 120.0
RUN = "from tips_ros.ros.main import main; raise SystemExit(main())"


class Live(ProcessBench):
    """The node's process, and a camera and a listener in this one."""

    def __init__(self, bare, tmp_path, parameters):
        domain = claim_domain()
        log_file = tmp_path / "log.txt"
        given = {"input_height": 112, "input_width": 112, **parameters}
        arguments = [word for name, value in given.items() for word in ("-p", f"{name}:={value}")]
        with log_file.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", RUN, "--ros-args", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**bare.environment, "ROS_DOMAIN_ID": str(domain)},
            )
        super().__init__(process, log_file, domain, PATIENCE_S)
        self.got = defaultdict(list)
        self.info = self.node.create_publisher(CameraInfo, "/camera_info", qos.output())

    def listen(self, type_, topic):
        self.node.create_subscription(type_, f"/tips/{topic}", self.got[topic].append, qos.output())

    def show_until(self, done):
        """Publishes pictures until it is true."""
        end, sec = time.monotonic() + PATIENCE_S, 0
        while not done():
            assert time.monotonic() < end and self.process.poll() is None, self.log
            sec += 1
            header = Header(frame_id="camera")
            header.stamp.sec = sec
            k = [50.0, 0.0, 31.5, 0.0, 50.0, 23.5, 0.0, 0.0, 1.0]
            info = CameraInfo(header=header, width=64, height=48, k=k, d=[0.0] * 5)
            self.info.publish(info)
            pixels = np.full((48, 64, 3), 100, np.uint8)
            self.camera.publish(image_message(RCLPY_TYPES, header, pixels, "rgb8"))
            for _ in range(5):
                self.executor.spin_once(timeout_sec=0.02)


@pytest.fixture
def live(without, tmp_path):
    """Starts the node where modules are absent."""
    started = []

    def start(*absent, **parameters):
        started.append(Live(without(*absent), tmp_path, parameters))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_without_everything_that_is_optional_depth_mask_and_points_come(live):
    node = live(*EVERYTHING)
    topics = {"depth/image": Image, "semantic/image": Image, "points": PointCloud2}
    for topic, type_ in topics.items():
        node.listen(type_, topic)
    node.show_until(lambda: all(node.got[topic] for topic in topics))
    node.ends_well()


def test_without_open3d_the_filter_says_what_to_type_and_the_rest_goes_on(live):
    node = live("open3d", **{"points_filtered.outlier_neighbors": 8})
    node.listen(PointCloud2, "points_filtered")
    node.listen(Image, "depth/image")
    node.show_until(lambda: OPEN3D.fix in node.log and len(node.got["depth/image"]) > 2)
    assert node.log.count(OPEN3D.fix) == 1, "said once"
    node.ends_well()


def test_without_tf2_a_frame_of_its_own_is_told_and_extrinsics_serve(live):
    frame = {"points_filtered.target_frame": "base_link"}
    node = live("tf2_ros", "tf2_msgs", **frame)
    node.listen(PointCloud2, "points_filtered")
    node.show_until(lambda: "tf2_ros" in node.log)
    node.ends_well()


@pytest.mark.parametrize(
    ("absent", "parameters"),
    [
        # Words that no other test has encoded: those are kept.
        ("sentencepiece", {"prompts": "[door zqv, cup zqv]"}),
        ("openvino", {"backend": "openvino"}),
        ("onnxruntime", {"backend": "onnxruntime", "precision": "fp32"}),
    ],
)
def test_what_the_start_was_asked_for_is_told_with_what_to_type(live, absent, parameters):
    node = live(absent, **parameters)
    end = time.monotonic() + PATIENCE_S
    while f"pip install {absent}" not in node.log:
        assert time.monotonic() < end and node.process.poll() is None, node.log
        time.sleep(0.1)
    node.ends_well()
