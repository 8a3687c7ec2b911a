# SPDX-License-Identifier: Apache-2.0
"""The layout of the screen: the eye is behind the camera at the moment that is shown."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rerun", reason="rerun-sdk is not installed: ./run test brings it")

import rerun as rr

from tips_ros.view import layout as module
from tips_ros.view.scene import APPLICATION, Kind, Scene


def at_x(x_m: float) -> np.ndarray:
    pose = np.eye(4)
    pose[0, 3] = x_m
    return pose


def eye_of(scene: Scene, monkeypatch: pytest.MonkeyPatch, *, live: bool) -> np.ndarray:
    """(3,) where the eye of the space's view stands."""
    eyes = []
    real = module.rrb.EyeControls3D
    monkeypatch.setattr(
        module.rrb, "EyeControls3D", lambda **given: eyes.append(given) or real(**given)
    )
    module.layout(scene, live=live)
    return np.array(eyes[-1]["position"])


@pytest.mark.parametrize(("live", "there_m"), [(False, 1.0), (True, 8.0)])
def test_a_recording_is_looked_at_from_where_its_camera_began_and_a_node_from_where_it_is(
    live: bool, there_m: float, monkeypatch: pytest.MonkeyPatch
):
    scene = Scene(rr.RecordingStream(APPLICATION))
    scene.image_frame, scene.kinds = "camera", {"points": Kind.CLOUD}
    scene.place("base", "camera", at_x(0.5))
    for x_m in (0.5, 3.0, 7.5):
        scene.place("odom", "base", at_x(x_m))
    assert scene.eye_pose()[0] == "odom"
    assert eye_of(scene, monkeypatch, live=live)[0] == pytest.approx(there_m)


def test_the_eye_goes_along_with_what_the_camera_is_fixed_to(monkeypatch: pytest.MonkeyPatch):
    scene = Scene(rr.RecordingStream(APPLICATION))
    scene.image_frame, scene.kinds = "camera_optical", {"points": Kind.CLOUD}
    scene.place("camera", "camera_optical", at_x(0.0), fixed=True)
    scene.place("base", "camera", at_x(0.5), fixed=True)
    scene.place("odom", "base", at_x(7.5))
    scene.place("map", "odom", at_x(100.0))
    frame, pose = scene.eye_pose()
    assert frame == "base" and pose[0, 3] == pytest.approx(0.5)
    assert eye_of(scene, monkeypatch, live=True)[0] == pytest.approx(0.5)


def test_a_camera_that_is_fixed_to_nothing_is_looked_at_from_the_end_of_its_tree():
    scene = Scene(rr.RecordingStream(APPLICATION))
    scene.image_frame = "camera_optical"
    scene.place("odom", "camera_optical", at_x(7.5))
    scene.place("map", "odom", at_x(1.0))
    assert scene.eye_pose()[0] == "map"


def test_a_camera_on_a_wall_is_looked_at_from_the_map():
    scene = Scene(rr.RecordingStream(APPLICATION))
    scene.image_frame = "camera_optical"
    scene.place("camera", "camera_optical", at_x(0.0), fixed=True)
    scene.place("map", "camera", at_x(1.0), fixed=True)
    assert scene.eye_pose()[0] == "map"
