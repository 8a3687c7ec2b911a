# SPDX-License-Identifier: Apache-2.0
"""A CameraInfo that is zero, absent, late or another image's: what can go on goes on, and is told.

Each trouble costs one message, however many frames it lasts, and ends with the first good one.
"""

import logging

import numpy as np
import pytest

from .analytic_scene import Scene, Stage, calibration, rays_of
from .example_messages import picture
from .live_graph import until
from .test_node_geometry import NEAR_M, PLUMB_BOB, QUIET, cloud_of, tell, xyz

SIZE = (120, 160)
GOOD = calibration(d=PLUMB_BOB)
ALWAYS = ("depth/image", "normals/image", "semantic/image", "semantic/confidence")
WITH_CAMERA = ("points", "points_filtered", "depth/camera_info")


def zero():
    info = calibration()
    info.k, info.p, info.d = [0.0] * 9, [0.0] * 12, []
    return info


def not_a_number():
    return calibration(focal=(float("nan"), 148.0))


def unknown_lens():
    return calibration(model="rubber", d=(0.1, 0.2, 0.3, 0.4))


def too_few_coefficients():
    return calibration(model="equidistant", d=(0.1, 0.2))


def elsewhere():
    return calibration(centre=(770.0, 61.8))


TROUBLES = {
    "absent": (None, "no CameraInfo on /camera_info"),
    "zero": (zero(), "not calibrated"),
    "not a number": (not_a_number(), "finite"),
    "of a larger image": (calibration(320, 240), "320x240 images, but they are 160x120"),
    "of a smaller image": (calibration(80, 60), "80x60 images, but they are 160x120"),
    "of a picture that it can't be of": (elsewhere(), "principal point (770, 61.8) outside"),
    "a placeholder": (calibration(focal=(1.0, 1.0)), "degrees off the axis"),
    "with an unknown lens": (unknown_lens(), "'rubber' is not known"),
    "with too few coefficients": (too_few_coefficients(), "must hold 4 numbers, got 2"),
}


@pytest.fixture
def warnings(caplog):
    """The node's log from warnings upwards, as it comes."""
    logger = logging.getLogger("tips_ros")
    logger.addHandler(caplog.handler)
    yield lambda: [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    logger.removeHandler(caplog.handler)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_only_what_needs_the_camera_waits_for_a_good_camera_info(graph_with, warnings, trouble):
    info, reason = TROUBLES[trouble]
    graph = graph_with(**QUIET).active()
    stage, scene = Stage(graph), Scene()
    depth_m, normals, sphere = scene.seen_along(rays_of(GOOD, SIZE))
    stage.show(depth_m, normals)
    graph.listen(*ALWAYS, *WITH_CAMERA)
    if info is not None:
        graph.publish(info, "/camera_info")
        until(lambda: graph.camera.input.camera_info, "the CameraInfo to arrive")
    for sec in (1, 2, 3):
        graph.publish_image(picture(*SIZE), sec)
        until(lambda n=sec: all(len(graph.received[t]) == n for t in ALWAYS), f"frame {sec}")
    assert not any(graph.received[name] for name in WITH_CAMERA)
    said = [message for message in warnings() if "CameraInfo" in message]
    assert len(said) == 1, said
    assert reason in said[0]
    np.testing.assert_allclose(
        np.frombuffer(graph.received["depth/image"][-1].data, np.float32).reshape(SIZE),
        depth_m,
        atol=1e-5,
    )

    tell(graph, GOOD)
    header = graph.publish_image(picture(*SIZE), sec=4)
    until(lambda: all(graph.received[name] for name in WITH_CAMERA), "what needs the camera")
    assert graph.received["points"][0].header == header
    points = xyz(cloud_of(graph.received["points"][0]))
    assert scene.distance_m(points, sphere).max() < NEAR_M
    assert len([m for m in warnings() if "CameraInfo" in m]) == 1
    assert not graph.camera.statistics.snapshot().drops.get("failed")


def test_a_camera_info_that_turns_bad_stops_the_points_until_it_is_good_again(graph_with, warnings):
    graph = graph_with(**QUIET).active()
    stage = Stage(graph)
    stage.show(*Scene().seen_along(rays_of(GOOD, SIZE))[:2])
    graph.listen("depth/image", "points")
    for sec, (info, clouds) in enumerate([(GOOD, 1), (zero(), 1), (GOOD, 2)], start=1):
        tell(graph, info)
        graph.publish_image(picture(*SIZE), sec)
        until(lambda n=sec: len(graph.received["depth/image"]) == n, f"depth of frame {sec}")
        until(lambda n=clouds: len(graph.received["points"]) == n, f"cloud of frame {sec}")
    assert [m.header.stamp.sec for m in graph.received["points"]] == [1, 3]
    assert len([m for m in warnings() if "CameraInfo" in m]) == 1


def test_another_kind_of_fault_is_told_at_once_and_other_numbers_of_the_same_are_not(
    graph_with, warnings
):
    graph = graph_with(**QUIET).active()
    Stage(graph).show(*Scene().seen_along(rays_of(GOOD, SIZE))[:2])
    graph.listen("depth/image", "points")
    sizes = [calibration(320 + n, 240) for n in range(4)]
    faults = [*sizes, zero(), elsewhere(), unknown_lens(), too_few_coefficients(), *sizes, zero()]
    for sec, info in enumerate(faults, start=1):
        tell(graph, info)
        graph.publish_image(picture(*SIZE), sec)
        until(lambda n=sec: len(graph.received["depth/image"]) == n, f"depth of frame {sec}")
    said = [message for message in warnings() if "CameraInfo" in message]
    reasons = ["320x240 images", "not calibrated", "principal point", "'rubber'", "got 2"]
    assert [reason in message for reason, message in zip(reasons, said, strict=True)] == [True] * 5


@pytest.mark.parametrize("d", [PLUMB_BOB, (0.0,) * 5])
def test_k_and_d_without_p_are_enough_for_everything_on_raw_images(graph_with, warnings, d):
    """Many drivers that are written by hand fill in K and D only."""
    info = calibration(d=d)
    info.p, info.r = [0.0] * 12, [0.0] * 9
    graph = graph_with(**QUIET).active()
    stage, scene = Stage(graph), Scene()
    depth_m, normals, sphere = scene.seen_along(rays_of(calibration(d=d), SIZE))
    stage.show(depth_m, normals)
    graph.listen(*ALWAYS, *WITH_CAMERA)
    tell(graph, info)
    graph.publish_image(picture(*SIZE), sec=1)
    until(lambda: all(graph.received[name] for name in WITH_CAMERA), "what needs the camera")
    points = xyz(cloud_of(graph.received["points"][0]))
    assert scene.distance_m(points, sphere).max() < NEAR_M
    told = graph.received["depth/camera_info"][0]
    np.testing.assert_allclose(np.reshape(told.p, (3, 4))[:, :3], np.reshape(told.k, (3, 3)))
    assert list(told.r) == np.eye(3).ravel().tolist()
    assert not [message for message in warnings() if "CameraInfo" in message]
