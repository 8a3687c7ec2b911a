# SPDX-License-Identifier: Apache-2.0
"""A live graph for a test: the node, a probe beside it, and one executor spinning both."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import rclpy
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header
from tips_ros.srv import SetPrompts

from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import TOPICS, VISION_TOPICS
from tips_ros.messages.types import RCLPY_TYPES, rclpy_class
from tips_ros.replay.domain import claim_domain
from tips_ros.ros.node import TipsNode
from tips_ros.ros.pipeline.camera import Camera
from tips_ros.ros.process.executor import NodeExecutor
from tips_ros.ros.topics import qos

from .example_messages import FRAME_ID, camera_info, header_at, picture

# Only a test that fails waits so long; other tests may keep the machine busy.
PATIENCE_S = 90.0
_ASK_AGAIN_S = 5.0


def until(predicate: Callable[[], Any], what: str) -> Any:
    """Waits until the predicate is true and returns its value; fails the test after a while."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := predicate()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)
    return value


class Graph:
    """The node under test and what is needed to feed and observe it."""

    def __init__(self, parameters: dict[str, Any], cli_args: list[str]) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=claim_domain())
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = TipsNode(context=self.context, parameter_overrides=overrides, cli_args=cli_args)
        # Whoever waits for diagnostics waits less: they come each second.
        for timer in self.node.timers:
            if timer.timer_period_ns == 10**9:
                timer.timer_period_ns = 2 * 10**8
        self.probe = Node("probe", context=self.context)
        self.executor = NodeExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.executor.add_node(self.probe)
        self.received: dict[str, list[Any]] = defaultdict(list)
        self._clients: dict[str, Any] = {}
        self._publishers: dict[tuple[type, str], Any] = {}
        self._thread = threading.Thread(target=self.executor.spin)
        self._thread.start()

    def close(self) -> None:
        self.executor.stop()
        self._thread.join()
        self.executor.shutdown()
        self.node.destroy_node()
        self._check_accounts()
        self.probe.destroy_node()
        rclpy.shutdown(context=self.context)

    def _check_accounts(self) -> None:
        """Whatever a test did: each frame that came in has one fate, and so has each output."""
        for camera, statistics in self.node.statistics.items():
            counted = statistics.snapshot()
            dropped = sum(counted.drops.values())
            assert counted.in_flight == 0, f"{camera}: {counted}"
            assert counted.received == counted.published + dropped, f"{camera}: {counted}"
            elsewhere = {"similarity", "locate", "memory"}
            for output in {*counted.outputs, *counted.withheld} - elsewhere:
                withheld = sum(counted.withheld.get(output, {}).values())
                out = counted.outputs.get(output, 0)
                assert counted.published == out + withheld, f"{camera}, {output}: {counted}"

    def active(self) -> Graph:
        """Waits until the node listens."""
        until(lambda: self.node.work is not None, "the node to become active")
        return self

    @property
    def camera(self) -> Camera:
        """The active node's first camera."""
        return next(iter(self.node.work.cameras))

    @property
    def vocabulary(self) -> Any:
        """The classes of the configured node."""
        return self.node.classes

    @property
    def encoder(self) -> Any:
        """The encoder of the classes' words."""
        return self.vocabulary.encoder

    @property
    def frames(self) -> Any:
        """The node's lookup of transforms."""
        return self.node.transforms

    @property
    def failure(self) -> str:
        """The reason of the last transition that failed, as diagnostics tell it."""
        return self.node.failure

    def outputs(self, camera: str = "") -> Any:
        """A camera's publishers."""
        return self.node.outputs[camera]

    def listen(self, *names: str, camera: str = "") -> None:
        """Subscribes to output topics and waits until the node sees the subscribers.

        What comes is in `received`, by the topic's name: `depth/image`, `front/depth/image`.
        """
        types = {topic.name: topic.type for topic in (*TOPICS, *VISION_TOPICS)}
        full = {name: f"{camera}/{name}" if camera else name for name in names}
        for name in names:
            self.probe.create_subscription(
                rclpy_class(types[name]),
                f"/tips/{full[name]}",
                self.received[full[name]].append,
                qos.output(),
            )
        for name in names:
            until(
                lambda n=name: self.probe.count_publishers(f"/tips/{full[n]}"),
                f"a publisher of {name}",
            )
        until(
            lambda: {t.name for t in self.outputs(camera).subscribed_topics()} >= set(names),
            "the node to see its subscribers",
        )

    def keep(self, type_: type, topic: str, profile: Any) -> list[Any]:
        """Subscribes to any topic; the list fills as messages come."""
        messages: list[Any] = []
        self.probe.create_subscription(type_, topic, messages.append, profile)
        return messages

    def publish(self, message: Any, topic: str, profile: Any = None) -> None:
        """Publishes one message once the node listens."""
        key = (type(message), topic)
        if key not in self._publishers:
            self._publishers[key] = self.probe.create_publisher(
                type(message), topic, profile or qos.output()
            )
        publisher = self._publishers[key]
        self.hears(publisher)
        publisher.publish(message)

    def hears(self, publisher: Any) -> None:
        """Waits until what the publisher says from now on reaches the node, if not for its QoS.

        A publisher knows of a subscription a moment before that knows of the publisher, and one
        that is best-effort loses what comes in between.
        """
        topic = publisher.topic_name

        def is_known() -> bool:
            there = [s for s in self.node.subscriptions if s.topic_name == topic]
            # Humble has no such count.
            counts = [s.get_publisher_count() for s in there if hasattr(s, "get_publisher_count")]
            return 0 not in counts

        until(publisher.get_subscription_count, f"the node to listen to {topic}")
        until(is_known, f"the node to know who publishes {topic}")

    def publish_image(
        self, rgb: np.ndarray | None = None, sec: int = 1, camera: str = ""
    ) -> Header:
        """Publishes an rgb8 image, 64×48 unless given, and returns its header."""
        header = header_at(sec)
        header.frame_id = f"{camera}_optical_frame" if camera else FRAME_ID
        rgb = picture() if rgb is None else rgb
        topic = f"/{camera}/image" if camera else "/image"
        self.publish(image_message(RCLPY_TYPES, header, rgb, "rgb8"), topic)
        return header

    def publish_camera_info(
        self, width: int = 64, height: int = 48, d: Sequence[float] = (0.0,) * 5
    ) -> CameraInfo:
        """Publishes intrinsics for images of this size and waits until they have arrived."""
        info = camera_info(width, height, d)
        self.publish(info, "/camera_info")
        until(
            lambda: (got := self.camera.input.camera_info) and got.width == width,
            "the CameraInfo to arrive",
        )
        return info

    def call(self, type_: type, service: str, request: Any) -> Any:
        """Calls a service of this process and waits for its answer."""
        future = self._call(type_, service, request)
        until(future.done, f"an answer of {service}")
        return future.result()

    def ask(self, type_: type, service: str, request: Any) -> Any:
        """Calls a service that changes nothing, in any process, and waits for its answer.

        One that another process sends before it has found the client is lost: it is asked again.
        """
        futures = [self._call(type_, service, request)]

        def answered() -> bool:
            if time.monotonic() > asked_at + _ASK_AGAIN_S * len(futures):
                futures.append(self._call(type_, service, request))
            return any(future.done() for future in futures)

        asked_at = time.monotonic()
        until(answered, f"an answer of {service}")
        return next(future.result() for future in futures if future.done())

    def _call(self, type_: type, service: str, request: Any) -> Any:
        """The future of an answer."""
        if service not in self._clients:
            self._clients[service] = self.probe.create_client(type_, service)
        client = self._clients[service]
        assert client.wait_for_service(PATIENCE_S), f"no service {service}"
        return client.call_async(request)

    def set_prompts(self, *prompts: str, **fields: Any) -> SetPrompts.Response:
        """Asks ~/set_prompts for these classes."""
        request = SetPrompts.Request(prompts=list(prompts), **fields)
        return self.call(SetPrompts, "/tips/set_prompts", request)

    def set_parameter(self, name: str, value: Any, type_: Any = None) -> SetParametersResult:
        """Sets one parameter as `ros2 param set` does."""
        message = Parameter(name, type_, value).to_parameter_msg()
        request = SetParameters.Request(parameters=[message])
        return self.call(SetParameters, "/tips/set_parameters", request).results[0]

    def parameter(self, name: str) -> Any:
        """A parameter's value as the node tells it."""
        request = GetParameters.Request(names=[name])
        (value,) = self.call(GetParameters, "/tips/get_parameters", request).values
        return parameter_value_to_python(value)

    def hear(self, type_: type, topic: str) -> list[Any]:
        """As `keep`, for a topic of the node that need not be there yet; waits for the match."""
        messages = self.keep(type_, topic, qos.output())
        until(lambda: self.probe.count_publishers(topic), f"a publisher of {topic}")
        until(
            lambda: any(
                p.get_subscription_count() for p in self.node.publishers if p.topic_name == topic
            ),
            f"the node to see the subscriber of {topic}",
        )
        return messages
