# SPDX-License-Identifier: Apache-2.0
"""The executable `tips_view`: writes RViz's view for the cameras there are, and becomes RViz."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import rclpy
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from tips_ros.advice import as_typed
from tips_ros.ros.inputs.topics import IMAGE_TYPES
from tips_ros.ros.startup.first_image import FirstImage
from tips_ros.ros.startup.node_name import full_name
from tips_ros.ros.startup.rviz_view import ViewedCamera, pattern, view_of, write_view
from tips_ros.ros.topics.names import cameras_named, input_topic

_ROS_ARGS = "--ros-args"
# An image must come to tell the frame; where the frame is given, it tells only the topic, and
# whether the frame given is its own.
_WAIT_FOR_FRAME_S, _LOOK_AROUND_S = 20.0, 5.0


def main(args: Sequence[str] | None = None) -> int:
    """Never returns where RViz starts; 1 where it can't, 0 when interrupted before."""
    given = list(sys.argv if args is None else args)
    options = _parse(remove_ros_args(given)[1:])
    try:
        rviz = rviz_executable()
    except FileNotFoundError as error:
        print(f"tips_view: {error}", file=sys.stderr)
        return 1
    node = None
    try:
        rclpy.init(args=given)
        node = Node("tips_view", start_parameter_services=False)
        path = _write(node, options)
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    ros = given[given.index(_ROS_ARGS) :] if _ROS_ARGS in given else []
    os.execv(rviz, [rviz, "-d", str(path), *ros])


def rviz_executable() -> str:
    """The path of RViz.

    Raises:
        FileNotFoundError: it is not installed; says how to.
    """
    try:
        path = Path(get_package_prefix("rviz2")) / "lib" / "rviz2" / "rviz2"
    except PackageNotFoundError:
        path = Path()
    if not path.is_file():
        distro = os.environ.get("ROS_DISTRO", "$ROS_DISTRO")
        raise FileNotFoundError(f"RViz is not installed; run: sudo apt install ros-{distro}-rviz2")
    return str(path)


def looks_z_up(fixed: str, of_images: str) -> bool:
    """Whether a fixed frame is a robot's, with z up; cameras' optical frames look along theirs."""
    return fixed != of_images and "optical" not in fixed


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(as_typed("tips_view"), description=__doc__)
    parser.add_argument(
        "--frame", default="", help="RViz's fixed frame (default: that of the first image)"
    )
    parser.add_argument("--cameras", nargs="*", default=[], help="their names (default: one)")
    parser.add_argument(
        "--transports",
        nargs="*",
        default=[],
        choices=[*IMAGE_TYPES],
        help="how the images of each camera come (default: raw)",
    )
    options = parser.parse_args(arguments)
    try:
        options.cameras = cameras_named(options.cameras)
    except ValueError as error:
        parser.error(str(error))
    options.transports += ["raw"] * (len(options.cameras) - len(options.transports))
    return options


def _write(node: Node, options: argparse.Namespace) -> Path:
    """Writes the view once it is known what there is, and returns the file's path."""
    settings = {
        name: (node.resolve_topic_name(input_topic(name, "image")), transport)
        for name, transport in zip(options.cameras, options.transports, strict=False)
    }
    first = FirstImage(node, settings)
    of_images = first.wait(_LOOK_AROUND_S if options.frame else _WAIT_FOR_FRAME_S)
    frame = options.frame or of_images
    if not frame:
        frame = pattern()["Visualization Manager"]["Global Options"]["Fixed Frame"]
        node.get_logger().warning(
            f"no image within {_WAIT_FOR_FRAME_S:.0f} s on {', '.join(first.topics.values())}: "
            f"RViz's fixed frame is {frame}; another one: rviz_frame:=<frame_id of the images>"
        )
    cameras = [
        ViewedCamera(name, first.topics[name], transport == "compressed")
        for name, (_, transport) in settings.items()
    ]
    outputs = full_name("", node.get_namespace())
    z_up = bool(options.frame) and looks_z_up(frame, of_images)
    descriptor, name = tempfile.mkstemp(prefix="tips_", suffix=".rviz")
    os.close(descriptor)
    write_view(view_of(cameras, outputs, frame, z_up), Path(name))
    return Path(name)


if __name__ == "__main__":
    raise SystemExit(main())
