# SPDX-License-Identifier: Apache-2.0
"""Advice on an input that stays silent: the cause as the graph shows it, and the words to type.

Another topic or transport is advised only where `inputs.topics` finds images with it, by the rule
that the node itself goes by: whoever follows the advice is not sent back.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)

from tips_ros.ros.inputs.published import PLUGINS, Graph
from tips_ros.ros.inputs.topics import (
    CAMERA_INFO,
    IMAGE_TYPES,
    base_of,
    first_published,
    image_topics,
    likeliest_first,
)
from tips_ros.ros.topics.names import input_topic, parameter_name

if TYPE_CHECKING:  # from Lyrical on it is in rclpy.endpoint_info
    from rclpy.topic_endpoint_info import TopicEndpointInfo

_MOST_NAMED = 3


class Setting(NamedTuple):
    """The user's choice of a camera's images: what `image` is remapped to, and the transport."""

    base: str
    transport: str


def heard_topic(setting: Setting, graph: Graph) -> str | None:
    """The topic that images come on with this setting; None where none do."""
    topics = image_topics(*setting)
    return first_published(topics, IMAGE_TYPES[setting.transport], lambda t: _types(graph, t))


def other_setting(setting: Setting, graph: Graph) -> Setting | None:
    """The least change of a setting that brings images; None where nobody publishes any."""
    transports = sorted(IMAGE_TYPES, key=lambda transport: transport != setting.transport)
    bases = [setting.base]
    for topic in likeliest_first(_pictures(graph, setting.base), setting.base, graph):
        bases += [base_of(topic), topic]
    others = (Setting(base, transport) for base in bases for transport in transports)
    return next((other for other in others if heard_topic(other, graph)), None)


def advise_on_images(
    camera: str, setting: Setting, topic: str, asked: QoSProfile, graph: Graph
) -> str:
    """Says who publishes on the image topic, and what to type for images to come.

    Args:
        camera: its name.
        setting: what the user chose for it.
        topic: the one that is listened to.
        asked: the subscription's quality of service.
        graph: who publishes what.
    """
    there = graph.get(topic, ())
    if fitting := [p for p in there if p.topic_type == IMAGE_TYPES[setting.transport]]:
        return f"{_describe_publishers(there)}; {_advise_on_quality(topic, asked, fitting)}"
    state = _describe_publishers(there) if there else "nobody publishes it"
    if there:
        state += f", and the node expects {IMAGE_TYPES[setting.transport]}"
    if plugin := _advise_republishing(setting.base, graph):
        return f"{state}; {plugin}"
    other = other_setting(setting, graph)
    if other is None:
        return (
            f"{state}, and no images are published at all: start the camera, or give both the "
            f"same ROS_DOMAIN_ID ({os.environ.get('ROS_DOMAIN_ID') or 0} here) and the same "
            "RMW_IMPLEMENTATION"
        )
    heard = heard_topic(other, graph) or ""
    pictures = likeliest_first(_pictures(graph, setting.base), setting.base, graph)
    also = [topic for topic in pictures if topic != heard][:_MOST_NAMED]
    return (
        f"{state}; {heard} is published ({_kind(graph[heard])}): start the node with "
        f"{_command_line(camera, setting, other)}"
        + (f"; other images: {', '.join(also)}" if also else "")
    )


def advise_on_camera_info(
    camera: str, base: str, topic: str, asked: QoSProfile, graph: Graph
) -> str:
    """Says who publishes on the CameraInfo's topic, and what to type for it to come.

    Args:
        camera: its name.
        base: the image topic, which its own CameraInfo is near to.
        topic: the one that is listened to.
        asked: the subscription's quality of service.
        graph: who publishes what.
    """
    there = graph.get(topic, ())
    if fitting := [p for p in there if p.topic_type == CAMERA_INFO]:
        return f"{_describe_publishers(there)}; {_advise_on_quality(topic, asked, fitting)}"
    state = f"{_describe_publishers(there)}, not CameraInfo" if there else "nobody publishes it"
    others = [other for other in graph if CAMERA_INFO in _types(graph, other)]
    if not others:
        return (
            f"{state}, and no other CameraInfo either: drivers publish it beside the image once "
            "the camera is calibrated; docs/cameras.md shows one by the lens's angle of view"
        )
    nearest, *more = likeliest_first(others, base, graph)[:_MOST_NAMED]
    name = input_topic(camera, "camera_info")
    launch = f"{camera}={nearest}" if camera else nearest
    also = f"; others: {', '.join(more)}" if more else ""
    return (
        f"{state}; {nearest} is published: start the node with `-r {name}:={nearest}`"
        + for_launch(f"`camera_info:={launch}`")
        + also
    )


def _advise_on_quality(topic: str, asked: QoSProfile, found: Sequence[TopicEndpointInfo]) -> str:
    """Advice about publishers of the right type, by the QoS that the first of them offers."""
    offered = found[0].qos_profile
    prefix = f"qos_overrides.{topic}.subscription"
    if all(_is_incompatible(p.qos_profile, asked) for p in found):
        changes = []
        if _has_policy(asked, "reliability", "reliable") and not _has_policy(
            offered, "reliability", "reliable"
        ):
            changes.append(f"{prefix}.reliability:=best_effort")
        if _has_policy(asked, "durability", "transient_local"):
            changes.append(f"{prefix}.durability:=volatile")
        wants = f"{asked.reliability.name.lower()}, {asked.durability.name.lower()}"
        return f"the node asks for {wants}: start it with {_options(changes)}"
    wanted = {"reliability": "reliable", "durability": "transient_local"}
    keeps = _has_policy(offered, "durability", "transient_local")
    changes = [
        f"{prefix}.{policy}:={value}"
        for policy, value in wanted.items()
        if _has_policy(offered, policy, value) and not _has_policy(asked, policy, value)
    ]
    fits = "type and QoS fit, yet nothing comes"
    if shutil.which("ros2"):
        fits += f": see whether `ros2 topic hz {topic}` counts any"
    if not changes:
        return f"{fits}, and docs/transport.md for images that get lost on the way"
    gained = "what was published before comes, too" if keeps else "what gets lost is sent again"
    return f"{fits}; start the node with {_options(changes)}, so that {gained}"


def _options(assignments: Iterable[str]) -> str:
    return "`" + " ".join(f"-p {assignment}" for assignment in assignments) + "`"


def _is_incompatible(offered: QoSProfile, asked: QoSProfile) -> bool:
    return bool(qos_check_compatible(offered, asked)[0] == QoSCompatibility.ERROR)


def _has_policy(profile: QoSProfile, policy: str, value: str) -> bool:
    kinds = {"reliability": ReliabilityPolicy, "durability": DurabilityPolicy}
    return bool(getattr(profile, policy) == kinds[policy][value.upper()])


def _command_line(camera: str, now: Setting, then: Setting) -> str:
    """The command line that changes a setting, and where it is in the launch."""
    line, launch = [], []
    if then.base != now.base:
        line.append(f"-r {input_topic(camera, 'image')}:={then.base}")
        launch.append(f"{camera}={then.base} in cameras" if camera else f"image:={then.base}")
    if then.transport != now.transport:
        name = parameter_name(camera, "image_transport")
        line.append(f"-p {name}:={then.transport}")
        launch.append(f"{name} in params_file" if camera else f"{name}:={then.transport}")
    return f"`{' '.join(line)}`{for_launch(' '.join(launch))}"


def for_launch(arguments: str) -> str:
    """The same for the launch file, where there is a `ros2` to launch it."""
    return f" (ros2 launch: {arguments})" if shutil.which("ros2") else ""


def _pictures(graph: Graph, base: str) -> list[str]:
    """The topics that a camera's pictures may come on; depth's only for who asked for such."""
    images = [topic for topic in graph if _types(graph, topic) & {*IMAGE_TYPES.values()}]
    return [topic for topic in images if "depth" not in topic.lower() or "depth" in base.lower()]


def _advise_republishing(base: str, graph: Graph) -> str:
    """Advice where the images come by a transport that only image_transport's plugins read."""
    for topic in graph:
        for type_ in _types(graph, topic) & {*PLUGINS}:
            transport = PLUGINS[type_]
            if topic == f"{base_of(base)}/{transport}" and base_of(base) not in graph:
                return (
                    f"{topic} is published: make images of it with `ros2 run image_transport "
                    f"republish --ros-args -p in_transport:={transport} -p out_transport:=raw "
                    f"-r in/{transport}:={topic} -r out:={base_of(base)}`"
                )
    return ""


def _types(graph: Graph, topic: str) -> set[str]:
    return {publisher.topic_type for publisher in graph.get(topic, ())}


def _kind(found: Iterable[TopicEndpointInfo]) -> str:
    return ", ".join(sorted({p.topic_type.rpartition("/")[2] for p in found}))


def _describe_publishers(found: Sequence[TopicEndpointInfo]) -> str:
    """A topic's publishers with what they offer, for people."""
    named = [
        f"{p.node_name} ({p.topic_type}, {p.qos_profile.reliability.name.lower()}, "
        f"{p.qos_profile.durability.name.lower()})"
        for p in found[:_MOST_NAMED]
    ]
    more = [f"{len(found) - len(named)} more"] if len(found) > len(named) else []
    return f"published by {', '.join([*named, *more])}"
