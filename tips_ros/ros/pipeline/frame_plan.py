# SPDX-License-Identifier: Apache-2.0
"""The plan of a camera's frames: all that follows from who listens, the settings and the classes.

It is made when one of these changes, and no frame asks again: what is off costs nothing.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from tips_ros.messages.ground import wants_ground
from tips_ros.messages.objects.objects import wants_objects
from tips_ros.messages.outputs import TRACKED, OutputTopic, used_outputs
from tips_ros.perception.image_request import Output
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.ros.parameters.snapshot import CameraSettings

DEPTH_CAMERA = "depth/camera_info"


@dataclass(frozen=True, eq=False)
class FramePlan:
    """All that is wanted of each frame and done with it.

    Attributes:
        topics: with subscribers.
        heat_maps: by topic with subscribers, the position of the class.
        label_space: the classes in force.
        settings: the parameters.
        outputs: of the model, by whether the camera is known and whether a service asks.
        waits_for_classes: topics that there is no class for.
        needs_camera: whether anything needs the calibration.
        tells_camera: whether the calibration is published.
        holds_still: whether depth or labels are held still.
        shows_floor: whether a topic needs the floor.
        follows_floor: whether a topic or the scale does.
        follows_things: whether things are followed from frame to frame.
    """

    topics: list[OutputTopic]
    heat_maps: dict[str, int]
    label_space: LabelSpace
    settings: CameraSettings
    outputs: dict[tuple[bool, bool], set[Output]]
    waits_for_classes: list[str]
    needs_camera: bool
    tells_camera: bool
    holds_still: bool
    shows_floor: bool
    follows_floor: bool
    follows_things: bool


def make_plan(
    topics: list[OutputTopic],
    heat_maps: dict[str, int],
    label_space: LabelSpace,
    settings: CameraSettings,
    predictor: Predictor,
) -> FramePlan:
    """Works out what follows from the first four, for the predictor's model."""
    names = {topic.name for topic in topics}
    made = topics if not settings.remembers or TRACKED in topics else [*topics, TRACKED]
    possible = set(predictor.outputs_with(label_space))
    # Labels that are held still take depth, to lay frames over one another.
    held = settings.holding.labels
    has_depth = "depth" in predictor.outputs
    takes_depth = has_depth and any(
        "depth" in topic.uses or (held and "semantic" in topic.uses) for topic in made
    )
    by_floor = settings.scale_source == "ground"

    def outputs(camera_known: bool, asked: bool) -> set[Output]:
        found = used_outputs(made, camera_known) & possible
        if has_depth and (asked or (takes_depth and held and "semantic" in found)):
            found.add("depth")
        if by_floor and (takes_depth or (has_depth and asked)):
            floor: set[Output] = {"normals", "semantic"}
            found |= floor & possible
        return found

    shows_floor = wants_ground(names, settings.options)
    return FramePlan(
        topics=topics,
        heat_maps=heat_maps,
        label_space=label_space,
        settings=settings,
        outputs={
            case: outputs(*case) for case in itertools.product((False, True), (False, True))
        },
        waits_for_classes=[t.name for t in made if "semantic" in t.needs - possible],
        needs_camera=takes_depth or settings.remembers or any(t.needs_camera for t in made),
        tells_camera=DEPTH_CAMERA in names,
        holds_still=settings.holding.anything,
        shows_floor=shows_floor,
        follows_floor=shows_floor or by_floor,
        follows_things=settings.remembers or wants_objects(names),
    )
