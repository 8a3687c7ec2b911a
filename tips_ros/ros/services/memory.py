# SPDX-License-Identifier: Apache-2.0
"""The services of the memory of things, and the topic that shows what is in it."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from tips_ros.messages.objects.markers import memory_markers_message
from tips_ros.messages.objects.remembered import (
    remembered_message,
    thing_message,
    time_message,
)
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.msg import ObjectArray
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.question import answers, question_of
from tips_ros.perception.memory.selection import USUAL_COUNT, Selection, select
from tips_ros.resources import memory_folder
from tips_ros.ros.classes.class_manager import ClassManager
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.pipeline.memory_keeper import MemoryKeeper
from tips_ros.ros.topics import qos
from tips_ros.ros.transforms.tf import TransformLookup
from tips_ros.srv import ClearMemory, Find, MemoryFile
from tips_ros.whole_file import NotWritten

logger = logging.getLogger(__name__)

_MOST_WAITING = 8  # calls at once: each holds a thread of the executor
_MOST_RESULTS = 1000
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_USUAL_NAME, _SUFFIX = "memory", ".npz"
_FORESEEN = (ValueError, OSError, RuntimeError)


@dataclass
class _Topic:
    """A topic that shows the memory, and the version of it that was told."""

    publisher: Any
    make: Callable[[Memory], Any]
    told: int = 0


class MemoryServices:
    """`~/find`, `~/memory/save`, `~/memory/load`, `~/memory/clear`, and the latched topics
    `~/memory/objects` and `~/memory/markers`.

    They live as long as the node; what they can't do they say.

    Attributes:
        vocabulary: of the model in use; None while there is none.
    """

    def __init__(self, node: LifecycleNode, keeper: MemoryKeeper, frames: TransformLookup) -> None:
        """
        Args:
            node: whose services they are.
            keeper: of the memory.
            frames: of tf, for points in other frames.
        """
        self._node, self._keeper, self._frames = node, keeper, frames
        self.vocabulary: ClassManager | None = None
        self._places = threading.BoundedSemaphore(_MOST_WAITING)
        asking, files = ReentrantCallbackGroup(), MutuallyExclusiveCallbackGroup()
        for type_, name, call, group in (
            (Find, "~/find", self._find, asking),
            (MemoryFile, "~/memory/save", self._save, files),
            (MemoryFile, "~/memory/load", self._load, files),
            (ClearMemory, "~/memory/clear", self._clear, files),
        ):
            node.create_service(type_, name, _answering(call, name), callback_group=group)
        self._topics = [
            _Topic(node.create_lifecycle_publisher(
                type_, name, qos.latched(), qos_overriding_options=qos.overridable()
            ), make)
            for type_, name, make in (
                (ObjectArray, "~/memory/objects", self._all),
                (MarkerArray, "~/memory/markers", self._draw),
            )
        ]  # fmt: skip

    def publish(self) -> None:
        """Tells what is remembered, where it is another than was told and somebody listens."""
        version = self._keeper.version
        for topic in self._topics:
            if version == topic.told or not topic.publisher.is_activated:
                continue
            if self.vocabulary is not None and topic.publisher.get_subscription_count():
                topic.publisher.publish(self._keeper.ask(topic.make))
                topic.told = version

    def _all(self, memory: Memory) -> Any:
        return remembered_message(RCLPY_TYPES, _header(memory), memory.things, self._classes())

    def _draw(self, memory: Memory) -> Any:
        return memory_markers_message(
            RCLPY_TYPES, _header(memory), memory.things, self._classes(), memory.newest_ns
        )

    def _classes(self) -> ClassList:
        assert self.vocabulary is not None
        return self.vocabulary.board.in_force.label_space.classes

    def _find(self, request: Any, response: Any) -> None:
        vocabulary = self.vocabulary
        if vocabulary is None:
            raise RuntimeError("the node is not configured; configure it first")
        limits = self._limits(request)
        limits.check()
        if not self._places.acquire(blocking=False):
            raise RuntimeError(f"{_MOST_WAITING} calls wait already; try again later")
        try:
            called = self._keeper.ask(_names)
            question = question_of(request.text, vocabulary.encoder, vocabulary.own, called)
        finally:
            self._places.release()
        classes = vocabulary.board.in_force.label_space.classes

        def look_up(memory: Memory) -> None:
            chosen = select(answers(memory.things, question), limits)
            response.header = _header(memory)
            response.objects = [
                thing_message(RCLPY_TYPES, one.thing, classes, one.score) for one in chosen
            ]
            response.message = f"{len(chosen)} of {len(memory.things)} things are {question.name}"

        self._keeper.ask(look_up)
        if question.embeddings is not None and question.temperature is None:
            response.message += "; without scores: the model's files tell no temperature"
        if not parameters.value(self._node, "memory.enabled"):
            response.message += "; memory.enabled is false: nothing is remembered any more"

    def _limits(self, request: Any) -> Selection:
        count = min(request.max_results or USUAL_COUNT, _MOST_RESULTS)
        since_ns = request.since.sec * 10**9 + request.since.nanosec
        limits = Selection(count, float(request.min_score), since_ns)
        radius_m = float(request.radius_m)
        if radius_m == 0.0:
            return limits
        point = request.near.point
        near = np.array([point.x, point.y, point.z])
        limits = limits._replace(near_m=_place(near), radius_m=radius_m)
        limits.check()
        own = self._keeper.ask(lambda memory: memory.frame_id)
        frame = request.near.header.frame_id
        if frame and own and frame != own:
            self._frames.listen(1.0)
            matrix = self._frames.transform(own, frame, request.near.header.stamp)
            near = matrix[:3, :3] @ near + matrix[:3, 3]
        return limits._replace(near_m=_place(near))

    def _save(self, request: Any, response: Any) -> None:
        file = self._file(request.name)
        response.objects = self._keeper.save(file)
        response.message = f"{response.objects} things are in {file}"

    def _load(self, request: Any, response: Any) -> None:
        file = self._file(request.name)
        try:
            response.objects = self._keeper.load(file)
        except FileNotFoundError as error:
            raise ValueError(f"there is no {file}; {_list_saved(file.parent)}") from error
        response.message = f"{response.objects} things of {file}"

    def _clear(self, request: Any, response: Any) -> None:
        response.message = f"{self._keeper.clear()} things are forgotten"

    def _file(self, name: str) -> Path:
        """The file of that name in the one folder that there is for them.

        Raises:
            ValueError: it is no name.
        """
        name = (name or _USUAL_NAME).removesuffix(_SUFFIX)
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name[:100]!r} is no name for a memory: letters, digits, '.', '_' and '-', at "
                "most 100 of them, and no path; the parameter memory.folder names the folder"
            )
        folder = parameters.value(self._node, "memory.folder")
        return (Path(folder).expanduser() if folder else memory_folder()) / (name + _SUFFIX)


def _answering(call: Callable[[Any, Any], None], name: str) -> Callable[[Any, Any], Any]:
    """A handler that says what could not be done."""

    def answer(request: Any, response: Any) -> Any:
        try:
            call(request, response)
            response.success = True
        except _FORESEEN as error:
            response.success, response.message = False, _line(error)
        logger.info("%s: %s", name, response.message)
        return response

    return answer


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and not isinstance(error, NotWritten):
        return f"{error.filename or 'the file'}: {error.strerror}"
    return str(error)


def _list_saved(folder: Path) -> str:
    try:
        names = sorted(file.stem for file in folder.glob(f"*{_SUFFIX}"))[:10]
    except OSError:
        names = []
    return f"saved are {', '.join(names)}" if names else "nothing was saved there yet"


def _names(memory: Memory) -> set[str]:
    return {name for one in memory.things for name in one.names}


def _place(point: Any) -> tuple[float, float, float]:
    x, y, z = point.tolist()
    return x, y, z


def _header(memory: Memory) -> Header:
    header = Header(frame_id=memory.frame_id)
    header.stamp = time_message(RCLPY_TYPES, memory.newest_ns)
    return header

