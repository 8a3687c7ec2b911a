# SPDX-License-Identifier: Apache-2.0
"""The launch's arguments about cameras → what the node's topics are remapped to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tips_ros.ros.inputs.topics import base_of
from tips_ros.ros.startup.arguments import ArgumentError, check_topic, items
from tips_ros.ros.topics.names import cameras_named


def image_topics_of(argument: str, text: str) -> dict[str, str]:
    """`front=/a/image_raw; rear` → {"front": "/a/image_raw", "rear": ""}.

    Raises:
        ArgumentError: a name that the node refuses, or no topic after `=`.
    """
    found: dict[str, str] = {}
    names = []
    for item in items(argument, text):
        name, equals, name_of_topic = (part.strip() for part in item.partition("="))
        names.append(name)
        found[name] = check_topic(argument, text, name_of_topic) if equals else ""
    try:
        cameras_named(names)
    except ValueError as error:
        raise ArgumentError(
            argument, text, f"{error}; write 'front=/front/image_raw; rear=/rear/image_raw'"
        ) from None
    return found


def cameras_of(parameters: Mapping[str, Any]) -> list[str]:
    """The cameras that a parameter file names; what is no list is for the node to refuse."""
    names = parameters.get("cameras")
    return [str(name) for name in names] if isinstance(names, list) else []


def topics_of(argument: str, text: str, names: Sequence[str]) -> dict[str, str]:
    """Topics of several cameras by their names: `front=/front/info` → {"front": "/front/info"}.

    Raises:
        ArgumentError: no camera of that name, or one topic for all of them.
    """
    found = {}
    for item in items(argument, text):
        name, equals, name_of_topic = (part.strip() for part in item.partition("="))
        if not equals or name not in names:
            what = f"no camera {name!r}" if equals else "one topic can't be that of several cameras"
            example = "; ".join(f"{camera}=/{camera}/camera_info" for camera in names)
            raise ArgumentError(argument, text, f"{what}; write {example!r}")
        found[name] = check_topic(argument, text, name_of_topic)
    return found


def sibling_camera_info(image: str) -> str:
    """The topic of an image topic's CameraInfo by ROS's convention: its sibling camera_info."""
    namespace, slash, _ = base_of(image).rpartition("/")
    return f"{namespace}{slash}camera_info"


def camera_remappings(
    image: str, camera_info: str, named: Mapping[str, str], names: list[str]
) -> list[tuple[str, str]]:
    """Returns the remappings by which the node finds its cameras.

    Args:
        image, camera_info: the arguments of these names.
        named: the topics of images that the argument `cameras` gives, by the cameras' names.
        names: of all cameras, also those of params_file; none is the one without a name.
    """
    if not names:
        check_topic("image", image)
        info = check_topic("camera_info", camera_info or sibling_camera_info(image))
        return [("image", image), ("camera_info", info)]
    if image != "image":
        example = f"cameras:='{names[0]}={image}'"
        raise ArgumentError("image", image, f"there are several cameras; write {example}")
    infos = topics_of("camera_info", camera_info, names)
    remappings = []
    for name in names:
        if topic := named.get(name, ""):
            remappings.append((f"{name}/image", topic))
        if info := infos.get(name) or (sibling_camera_info(topic) if topic else ""):
            remappings.append((f"{name}/camera_info", info))
    return remappings
