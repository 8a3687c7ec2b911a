# SPDX-License-Identifier: Apache-2.0
"""The node itself, over DDS: raw bytes on every topic that it hears, and calls of every service.

Each case is a handful of these. The process must live, log no traceback, and answer the next good
image. The node runs with everything on that hears a topic.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import time
from functools import lru_cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from ..mutations import ODD_FLOATS, ODD_NUMBERS, mutated
from ..scratch import scratch
from ..states import STEPS, check_walk
from ..target import Target

sys.path.append(str(Path(__file__).resolve().parents[2] / "churn"))
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")

_ARGUMENTS = (
    *("input_height:=112", "input_width:=112", "depth.scale_source:=sensor", "temporal.mode:=full"),
    *("points_filtered.target_frame:=odom", "max_age_s:=0.0"),
)
_WAITS_S = 60.0


class LiveNode:
    """The process, and a node beside it that publishes bytes."""

    def __init__(self) -> None:
        from client import Client
        from findings import Findings
        from process import NodeProcess
        from sensor_msgs.msg import Image

        domain = os.getpid() % 100
        arguments = (*_ARGUMENTS, f"memory.folder:={scratch() / 'memories'}")
        options = [word for argument in arguments for word in ("-p", argument)]
        self.findings = Findings()
        self.process = NodeProcess(options, domain, scratch() / "node.log")
        self.client = Client(domain, self.findings)
        # Processes that multiprocessing makes run these at their end, and nothing of atexit's.
        Finalize(None, self._close, exitpriority=1)
        self._depths: list[Any] = []
        self._publishers: dict[str, Any] = {}
        node = self.client.node
        for topic in ("depth/image", "semantic/image"):
            node.create_subscription(Image, f"/tips/{topic}", self._depths.append, 10)
        for topic, seed in _messages().items():
            self._publishers[topic] = node.create_publisher(type(seed), topic, 10)
        self.check_good_frame()

    def publish(self, topic: str, data: bytes) -> None:
        """Sends bytes as they are, whatever they are."""
        self._publishers[topic].publish(data)

    def check_good_frame(self) -> None:
        """A good image is answered, the process lives, and its log is clean."""
        end, sent = time.monotonic() + _WAITS_S, set()
        self._depths.clear()
        while not any(d.header.stamp.sec in sent for d in self._depths):
            assert self.process.status is None, f"it ended with {self.process.status}\n{self.tail}"
            assert time.monotonic() < end, f"a good image is not answered\n{self.tail}"
            image = _messages()["/image"]
            image.header.stamp.sec = _next_second()
            sent.add(image.header.stamp.sec)
            self.publish("/image", _raw(image))
            for _ in range(20):
                if any(d.header.stamp.sec in sent for d in self._depths):
                    break
                time.sleep(0.02)
        bad = self.process.bad_lines()
        assert not bad, f"in its log: {bad[0]}\n{self.tail}"

    @property
    def tail(self) -> str:
        """The end of the node's log."""
        return "\n".join(self.process.tail.splitlines()[-25:])

    def _close(self) -> None:
        if self.process.status is None:
            self.process.kill()


_seconds = iter(range(10, 2**31 - 1))


def _next_second() -> int:
    return next(_seconds)


def _raw(message: Any) -> bytes:
    from rclpy.serialization import serialize_message

    return bytes(serialize_message(message))


@lru_cache(maxsize=1)
def _live() -> LiveNode:
    return LiveNode()


@lru_cache(maxsize=1)
def _messages() -> dict[str, Any]:
    """A small good message of each topic that the node hears."""
    import pictures
    from builtin_interfaces.msg import Time
    from geometry_msgs.msg import TransformStamped
    from sensor_msgs.msg import Image, Imu, LaserScan, PointCloud2, PointField
    from std_msgs.msg import Header

    header = Header(frame_id="camera_optical_frame", stamp=Time(sec=5))
    place = TransformStamped(header=header, child_frame_id="base")
    fields = [PointField(name=n, offset=4 * i, datatype=7, count=1) for i, n in enumerate("xyz")]
    return {
        "/image": pictures.image(header, (64, 48), "rgb8"),
        "/camera_info": pictures.camera_info(header, (64, 48)),
        "/imu": Imu(header=header),
        "/sensor/depth": Image(
            header=header, height=4, width=4, encoding="32FC1", step=16, data=bytes(64)
        ),
        "/sensor/points": PointCloud2(
            header=header,
            height=1,
            width=4,
            fields=fields,
            point_step=12,
            row_step=48,
            data=bytes(48),
        ),  # fmt: skip
        "/sensor/scan": LaserScan(
            header=header, angle_max=1.0, angle_increment=0.5, range_max=9.0, ranges=[1.0] * 3
        ),
        **_transforms(place),
    }


def _transforms(place: Any) -> dict[str, Any]:
    if importlib.util.find_spec("tf2_msgs") is None:
        return {}
    message = importlib.import_module("tf2_msgs.msg").TFMessage
    return {topic: message(transforms=[place]) for topic in ("/tf", "/tf_static")}


@lru_cache(maxsize=1)
def _seeds() -> list[tuple[str, bytes]]:
    return [(topic, _raw(message)) for topic, message in _messages().items()]


_RAW = st.deferred(
    lambda: st.sampled_from(_seeds()).flatmap(
        lambda seed: st.tuples(st.just(seed[0]), mutated([seed[1]], 5))
    )
)


def check_messages(case: list[tuple[str, bytes]]) -> None:
    """Bytes on any topic; then a good image is answered."""
    live = _live()
    for topic, data in case:
        live.publish(topic, data)
    live.check_good_frame()


_TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(("door", "@ade20k", "@/etc/passwd", "", ":", "x" * 20_000, "\ud800", "a\0b")),
)
_FLOATS = st.one_of(
    st.sampled_from([v for v in ODD_FLOATS if not 1e38 < abs(v) < 1e309]), st.floats(0, 1)
)
_CALLS = st.one_of(
    st.tuples(
        st.just("set_prompts"),
        st.lists(_TEXTS, max_size=4),
        st.lists(_TEXTS, max_size=2),
        st.lists(_FLOATS, max_size=3),
    ),
    st.tuples(
        st.just("locate"), _TEXTS, st.sampled_from(ODD_NUMBERS), _FLOATS, _TEXTS, st.just(0.2)
    ),
    st.tuples(st.just("transition"), st.integers(0, 70)),
)


def check_call(case: tuple[Any, ...]) -> None:
    """An answer, and where it is no, the reason; the node stays as useful as it was."""
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState
    from tips_ros.srv import Locate, SetPrompts

    live, (name, *values) = _live(), case
    try:
        if name == "set_prompts":
            prompts, background, thresholds = values
            request: Any = SetPrompts.Request(
                prompts=prompts, background=background, thresholds=thresholds
            )
            type_: Any = SetPrompts
        elif name == "locate":
            keys = ("prompt", "max_regions", "min_score", "target_frame", "timeout_s")
            type_, request = Locate, Locate.Request(**dict(zip(keys, values, strict=True)))
        else:
            if values[0] in (5, 6, 7):  # shut down: nothing answers afterwards
                return
            name, type_ = "change_state", ChangeState
            request = ChangeState.Request(transition=Transition(id=values[0]))
        answer = live.client.call(type_, name, request)
    except (AssertionError, UnicodeEncodeError, TypeError):  # rclpy itself refuses to send it
        return
    assert answer is not None and not live.findings.first, f"no answer: {live.findings.first}"
    if name != "change_state":
        assert answer.success or len(answer.message.split()) >= 3, answer
        assert len(answer.message) < 3000, answer.message
    if live.client.state() == "active":
        live.check_good_frame()
    else:
        for transition in (1, 3):
            live.client.call(
                ChangeState,
                "change_state",
                ChangeState.Request(transition=Transition(id=transition)),
            )


class _Stepped:
    """The same node for walks through its states."""

    def call(self, type_: Any, name: str, request: Any) -> Any:
        live = _live()
        answer = live.client.call(type_, name, request)
        assert answer is not None, f"no answer: {live.findings.first}"
        return answer

    def show(self) -> None:
        _live().check_good_frame()


def check_states(case: list[tuple[str, Any]]) -> None:
    """Lifecycle, services and parameters in any order; see `states.py`."""
    check_walk(_Stepped(), case)


TARGETS = (
    Target("live states", STEPS, check_states),
    Target("live messages", st.lists(_RAW, min_size=1, max_size=12), check_messages),
    Target("live services", _CALLS, check_call),
)
