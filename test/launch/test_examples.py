# SPDX-License-Identifier: Apache-2.0
"""launch/examples: the node listens to the topics that drivers have, each in its type.

The tables are of the drivers' own pages and sources, at the versions named there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tips_ros.ros.parameters.table import entry_of
from tips_ros.ros.startup.params_file import read_parameters

from .launch_stand_in import arguments, described, nodes, resolved

SOURCE = Path(__file__).resolve().parents[2]
FOLDER = SOURCE / "launch" / "examples"
IMAGE, INFO = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"
SCAN, IMU = "sensor_msgs/msg/LaserScan", "sensor_msgs/msg/Imu"

# The node's inputs: docs/topics.md.
INPUTS = {"image": IMAGE, "camera_info": INFO, "sensor/depth": IMAGE, "sensor/scan": SCAN,
          "imu": IMU}  # fmt: skip
ANY = {"/camera/image_raw": IMAGE, "/camera/camera_info": INFO}
# Topics of each driver as its launch file starts it, and where that is written.
DRIVERS: dict[str, dict[str, str]] = {
    # IntelRealSense/realsense-ros 1cbd81be (4.55): README, "Published Topics".
    "realsense": {
        "/camera/camera/color/image_raw": IMAGE,
        "/camera/camera/color/camera_info": INFO,
        "/camera/camera/depth/image_rect_raw": IMAGE,
        "/camera/camera/aligned_depth_to_color/image_raw": IMAGE,
        "/camera/camera/aligned_depth_to_color/camera_info": INFO,
    },
    # The same, rs_multi_camera_launch.py: names and namespaces are camera1 and camera2.
    "two_cameras": {
        f"/camera{number}/camera{number}/{topic}": kind
        for number in (1, 2)
        for topic, kind in (
            ("color/image_raw", IMAGE),
            ("color/camera_info", INFO),
            ("aligned_depth_to_color/image_raw", IMAGE),
        )
    },
    # luxonis/depthai-ros b39899f (2.10.3): depthai_ros_driver/launch/rtabmap.launch.py, and
    # src/param_handlers/stereo_param_handler.cpp: i_align_depth is on by default.
    "oak": {
        "/oak/rgb/image_raw": IMAGE,
        "/oak/rgb/camera_info": INFO,
        "/oak/stereo/image_raw": IMAGE,
    },
    # ros-drivers/usb_cam 772b25f (0.8.1): launch/camera_config.py.
    "usb_cam": {"/camera1/image_raw": IMAGE, "/camera1/camera_info": INFO},
    # stereolabs/zed-ros2-wrapper 33dfefa (5.4.1): CHANGELOG of 5.1.0, and zed_components'
    # zed_camera_component_video_depth.cpp: CameraInfo where image_transport has it.
    "zed": {
        "/zed/zed_node/rgb/color/rect/image": IMAGE,
        "/zed/zed_node/rgb/color/rect/camera_info": INFO,
        "/zed/zed_node/depth/depth_registered": IMAGE,
    },
    # gazebosim/ros_gz 71f2c5c: ros_gz_sim_demos/config/rgbd_camera_bridge.yaml, and the /clock of
    # ros_gz_bridge/README.md.
    "gazebo": {
        "/rgbd_camera/image": IMAGE,
        "/rgbd_camera/camera_info": INFO,
        "/rgbd_camera/depth_image": IMAGE,
    },
    # isaac-sim/IsaacSim-ros_workspaces dd3eeed: RViz views of jazzy_ws; CameraInfo is beside it.
    "isaac_sim": {
        "/front_stereo_camera/left/image_raw": IMAGE,
        "/front_stereo_camera/left/camera_info": INFO,
    },
    # Whatever was recorded, or is there: image_transport's usual names are the defaults.
    "replay": ANY,
    "camera_and_lidar": {**ANY, "/scan": SCAN, "/imu": IMU},
}


def remapped(name: str) -> list[tuple[str, str]]:
    """Name of the node → topic of the driver, with launch arguments at their defaults."""
    entities = described(FOLDER / f"{name}.launch.py")
    (node,) = nodes(entities, "tips_ros")
    assert node["executable"] == "tips_node" and node["name"] == "tips"
    return [(ours, resolved(theirs, entities)) for ours, theirs in node["remappings"]]


def parameters(name: str) -> dict[str, Any]:
    """Parameters of the node as its params file, or the launch file, gives them."""
    entities = described(FOLDER / f"{name}.launch.py")
    (node,) = nodes(entities, "tips_ros")
    (given,) = node["parameters"]
    if isinstance(given, dict):
        return {key: resolved(value, entities) for key, value in given.items()}
    assert Path(given) == FOLDER / f"{name}.yaml"
    return read_parameters("params_file", given, "/tips")


def test_each_example_is_in_the_tables():
    files = {path.name.removesuffix(".launch.py") for path in FOLDER.glob("*.launch.py")}
    assert files == {*DRIVERS, "in_place_of_sam3"}
    assert {path.stem for path in FOLDER.glob("*.yaml")} <= files


@pytest.mark.parametrize("name", DRIVERS)
class TestEachExample:
    def test_listens_to_topics_that_the_driver_has_in_the_types_that_the_node_takes(self, name):
        for ours, theirs in remapped(name):
            of_one_camera = ours.partition("/")[2] if name == "two_cameras" else ours
            assert DRIVERS[name][theirs] == INPUTS[of_one_camera], (ours, theirs)

    def test_takes_the_camera_info_that_belongs_to_the_image(self, name):
        names = dict(remapped(name))
        for ours, theirs in names.items():
            if ours.endswith("image"):
                info = names[ours.removesuffix("image") + "camera_info"]
                assert info.rpartition("/")[0] in (theirs.rpartition("/")[0], "/camera")

    def test_has_parameters_of_the_node_with_values_that_it_takes(self, name):
        for key, value in parameters(name).items():
            if key == "use_sim_time":  # every ROS node has it
                assert type(value) is bool
                continue
            entry = entry_of(key)
            assert entry is not None, key
            assert type(value) is type(entry.default), key
            assert not entry.choices or value in entry.choices

    def test_asks_for_depth_by_a_sensor_where_there_is_one_and_only_there(self, name):
        has_sensor = any("sensor/" in ours for ours, _ in remapped(name))
        assert (parameters(name).get("depth.scale_source") == "sensor") == has_sensor

    def test_says_what_to_type(self, name):
        text = (FOLDER / f"{name}.launch.py").read_text(encoding="utf-8")
        assert f"    ros2 launch tips_ros {name}.launch.py" in text.partition('"""\n\n')[0]

    def test_is_on_the_page(self, name):
        page = (SOURCE / "docs" / "drivers.md").read_text(encoding="utf-8")
        assert f"`{name}.launch.py`" in page


def test_two_cameras_are_those_of_the_parameters():
    assert {ours.partition("/")[0] for ours, _ in remapped("two_cameras")} == {
        *parameters("two_cameras")["cameras"]
    }


@pytest.mark.parametrize("name", ["gazebo", "isaac_sim", "replay"])
def test_where_stamps_are_not_of_the_clock_on_the_wall_the_node_takes_theirs(name: str):
    assert parameters(name)["use_sim_time"] is True


def test_the_replayed_bag_gives_the_time_and_waits_for_the_model():
    entities = described(FOLDER / "replay.launch.py")
    (player,) = (e.named["cmd"] for e in entities if type(e).__name__ == "ExecuteProcess")
    assert player[:3] == ["ros2", "bag", "play"]
    assert {"--clock", "--delay"} <= {part for part in player if isinstance(part, str)}
    assert arguments(entities)["bag"] is None, "which bag has to be said"


def test_gazebo_s_clock_is_bridged():
    (bridge,) = nodes(described(FOLDER / "gazebo.launch.py"), "ros_gz_bridge")
    assert bridge["arguments"] == ["/clock@rosgraph_msgs/msg/Clock[gz.msgs.Clock"]


def test_params_files_are_for_any_name_and_namespace():
    for file in FOLDER.glob("*.yaml"):
        assert list(yaml.safe_load(file.read_text(encoding="utf-8"))) == ["/**"]
