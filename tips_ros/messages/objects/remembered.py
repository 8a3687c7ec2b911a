# SPDX-License-Identifier: Apache-2.0
"""Frames into a memory of things, and what is remembered as messages."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tips_ros.messages.conversions import region_message
from tips_ros.messages.frame_result import CameraPose, FrameResult
from tips_ros.messages.objects.objects import posed_frame
from tips_ros.messages.types import OBJECT, OBJECT_ARRAY, MessageFactory
from tips_ros.perception.classes.class_list import UNLABELLED, ClassList, name_key
from tips_ros.perception.memory.frames import CameraIn, place_in
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.memory.settings import MemorySettings
from tips_ros.perception.regions.regions import PixelBox, Region

_NOWHERE = PixelBox(0, 0, 0, 0)


def remember(
    memory: Memory,
    frame: FrameResult,
    settings: MemorySettings,
    in_map: CameraPose | None,
    smooth: CameraPose | None,
    camera: str = "",
) -> bool | None:
    """Takes a frame whose things are followed into a memory.

    Args:
        memory: of things.
        frame: with its objects.
        settings: of the memory.
        in_map: its camera in the frame that the memory should be in.
        smooth: its camera in a frame without jumps, which serves where there is no map.
        camera: its name.

    Returns:
        Whether it was a key frame; None where its pose or its things are not known.

    Raises:
        OtherFrame: the memory is in another frame.
    """
    if frame.objects is None:
        return None
    known, followed = (None if p is None else CameraIn(*p) for p in (in_map, smooth))
    place = place_in(memory, known, followed)
    if place is None:
        return None
    posed = posed_frame(frame, None, CameraPose(*place))
    same = None if smooth is None else smooth.matrix
    return memory.see(frame.objects, posed, settings, camera=camera, smooth_from_camera=same)


def remembered_message(
    types: MessageFactory, header: Any, things: Iterable[Remembered], classes: ClassList
) -> Any:
    """→ tips_ros/ObjectArray in the memory's frame, those first that were seen last."""
    newest = sorted(things, key=lambda one: -one.last_seen_ns)
    objects = [thing_message(types, one, classes) for one in newest]
    return types.message(OBJECT_ARRAY)(header=header, objects=objects)


def thing_message(
    types: MessageFactory, one: Remembered, classes: ClassList, score: float = math.nan
) -> Any:
    """One remembered thing → tips_ros/Object; it has no place in an image."""
    region = Region(_NOWHERE, 0, score, None, one.place_m, one.box)
    return types.message(OBJECT)(
        id=one.number & 0xFFFFFFFF,
        class_name=one.name,
        class_id=classes.id_by_key.get(name_key(one.name), UNLABELLED),
        region=region_message(types, region),
        covariance=np.asarray(one.covariance_m2, np.float64).ravel(),
        hits=min(one.hits, 2**32 - 1),
        first_seen=time_message(types, one.first_seen_ns),
        last_seen=time_message(types, one.last_seen_ns),
    )


def time_message(types: MessageFactory, stamp_ns: int) -> Any:
    """→ builtin_interfaces/Time; times before 1970 are 0."""
    seconds, nanoseconds = divmod(max(stamp_ns, 0), 10**9)
    return types.message("builtin_interfaces/msg/Time")(sec=seconds, nanosec=nanoseconds)
