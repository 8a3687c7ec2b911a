# SPDX-License-Identifier: Apache-2.0
"""All services of the node that live as long as it does, whatever state it is in."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from tips_ros.ros.classes.class_manager import ClassManager
from tips_ros.ros.parameters.node import ParameterNode
from tips_ros.ros.pipeline.camera import Camera
from tips_ros.ros.pipeline.memory_keeper import MemoryKeeper
from tips_ros.ros.services.locate import MOST_WAITING, LocateService, Source
from tips_ros.ros.services.memory import MemoryServices
from tips_ros.ros.services.set_prompts import SetPromptsService
from tips_ros.ros.transforms.tf import TransformLookup


class Services:
    """`~/set_prompts`, `~/memory/…`, `~/find`, and `~/locate` of each camera.

    Attributes:
        memory: the services of the memory of things, and its topics.
    """

    def __init__(
        self,
        node: ParameterNode,
        cameras: Iterable[str],
        transforms: TransformLookup,
        keeper: MemoryKeeper,
    ) -> None:
        """
        Args:
            node: whose they are.
            cameras: their names.
            transforms: where cameras are.
            keeper: of the memory of things.
        """
        self._set_prompts = SetPromptsService(node)
        self.memory = MemoryServices(node, keeper, transforms)
        places = threading.BoundedSemaphore(MOST_WAITING)
        self._locate = {
            camera: LocateService(node, transforms, camera, places) for camera in cameras
        }

    def use_classes(self, classes: ClassManager | None) -> None:
        """Answers by the classes of a model, or says that there is none.

        Whoever calls it holds the node's `parameter_lock`.
        """
        self._set_prompts.vocabulary = self.memory.vocabulary = classes

    def begin(self, classes: ClassManager, cameras: Iterable[Camera]) -> None:
        """Has frames of these cameras answer."""
        for camera in cameras:
            self._locate[camera.name].source = Source(
                classes, camera.queries, camera.input, camera.statistics
            )

    def end(self) -> None:
        """Has no frame answer any more."""
        for service in self._locate.values():
            service.source = None
