# SPDX-License-Identifier: Apache-2.0
"""The place of a camera: as somebody measured it, or as tf2 says, or not at all."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.camera.extrinsics import extrinsic_matrix
from tips_ros.ros.parameters.snapshot import Snapshot
from tips_ros.ros.transforms import placement as placement_module
from tips_ros.ros.transforms.placement import CameraPoseLookup

from ..example_messages import FRAME_ID, header_at

XYZ, RPY = [0.1, 0.2, 0.3], [-1.5, 0.0, -1.5]
HEADER = header_at(4)


class Tree:
    """As Frames; None is what nobody publishes."""

    def __init__(self, matrix=None):
        self.matrix = matrix
        self.asked = []
        self.listens = False

    def listen(self):
        self.listens = True

    def transform(self, target, source, stamp, timeout_s=0.0):
        self.asked.append((target, source, stamp, timeout_s))
        if self.matrix is None:
            raise TransformError(f"no transform from {source} to {target}: nobody publishes it")
        return self.matrix


def node_with(camera="", **values):
    """A node's parameters, those of a camera under its name."""
    given = {
        "points_filtered.target_frame": values.get("target", ""),
        "extrinsics.xyz": values.get("xyz", []),
        "extrinsics.rpy": values.get("rpy", []),
        "points_filtered.transform_timeout_s": values.get("timeout_s", 1.0),
    }
    own = (f"{camera}." if camera else "",)
    named = {
        prefix + name: value
        for name, value in given.items()
        for prefix in ("", *own)
    }
    return SimpleNamespace(parameter_snapshot=Snapshot(named))


@pytest.mark.parametrize("target", ["", FRAME_ID])
def test_the_cameras_own_frame_takes_neither_tree_nor_numbers(target):
    tree = Tree()
    placed = CameraPoseLookup(node_with(target=target, xyz=XYZ, rpy=RPY), "", tree).of(HEADER)
    assert placed.frame_id == FRAME_ID
    np.testing.assert_array_equal(placed.matrix, np.eye(4))
    assert not tree.asked


def test_measured_extrinsics_are_taken_without_asking_tf2():
    tree = Tree(np.eye(4))
    placed = CameraPoseLookup(node_with(target="base_link", xyz=XYZ, rpy=RPY), "", tree).of(HEADER)
    assert placed.frame_id == "base_link"
    np.testing.assert_array_equal(placed.matrix, extrinsic_matrix(XYZ, RPY))
    assert not tree.asked


def test_without_them_the_tree_is_asked_for_the_time_of_the_image():
    matrix = extrinsic_matrix(XYZ, RPY)
    tree = Tree(matrix)
    placed = CameraPoseLookup(node_with(target="map"), "", tree).of(HEADER)
    assert placed.frame_id == "map"
    np.testing.assert_array_equal(placed.matrix, matrix)
    assert tree.asked[0][:3] == ("map", FRAME_ID, HEADER.stamp)


def test_a_place_that_nobody_knows_is_an_error_that_names_it():
    placement = CameraPoseLookup(node_with(target="map"), "", Tree())
    with pytest.raises(TransformError, match=f"from {FRAME_ID} to map"):
        placement.of(HEADER)


def test_nobody_waits_where_others_are_held_up():
    tree = Tree(np.eye(4))
    CameraPoseLookup(node_with(target="map"), "", tree).of(HEADER)
    assert tree.asked[0][3] == 0.0


def test_how_long_a_cloud_may_wait_is_the_users_word():
    assert CameraPoseLookup(node_with(timeout_s=0.25), "", Tree()).timeout_s == 0.25


@pytest.fixture
def told(caplog):
    """The lines said, as far as they have come."""
    logger = logging.getLogger("tips_ros")
    logger.addHandler(caplog.handler)
    yield lambda: list({id(r): r.getMessage() for r in caplog.records}.values())
    logger.removeHandler(caplog.handler)


def test_what_passes_is_not_worth_a_word_until_it_lasts(told, monkeypatch):
    """A start, or a loop of a bag, has images that are earlier than all transforms."""
    now = [100.0]
    monkeypatch.setattr(placement_module.time, "monotonic", lambda: now[0])
    tree = Tree(np.eye(4))
    placement = CameraPoseLookup(node_with(target="map"), "", tree)
    passing = TransformError("into the past", at_other_times=True)
    for seconds in (0.0, 0.5, 0.9, 0.4):
        now[0] += seconds
        placement.complain(HEADER, passing)
        if seconds == 0.9:
            placement.of(HEADER)  # a place is known again
    assert not told()
    for _ in range(4):
        now[0] += 0.5
        placement.complain(HEADER, passing)
    assert len(told()) == 1 and "into the past" in told()[0]


def test_the_complaint_is_told_once_with_both_remedies(told):
    placement = CameraPoseLookup(node_with("front", target="map"), "front", Tree())
    for _ in range(3):
        placement.complain(HEADER, TransformError("nobody publishes it"))
    assert len(told()) == 1
    (message,) = told()
    assert message.startswith("no ~/front/points_filtered")
    assert FRAME_ID in message and "in map" in message and "Publish that transform" in message
    assert "front.extrinsics.xyz and front.extrinsics.rpy" in message


@pytest.mark.parametrize("half", [{"xyz": XYZ}, {"rpy": RPY}])
def test_half_of_the_numbers_are_no_place(half):
    tree = Tree(np.eye(4))
    with pytest.raises(ValueError, match="xyz and rpy"):
        CameraPoseLookup(node_with(target="base_link", **half), "", tree).of(HEADER)
    assert not tree.asked, "somebody meant to give them"


@pytest.mark.parametrize(
    ("values", "listens"),
    [
        ({"target": "map"}, True),
        ({"target": ""}, False),
        ({"target": "map", "xyz": XYZ, "rpy": RPY}, False),
    ],
)
def test_the_tree_is_heard_before_it_is_asked_and_only_where_it_will_be(values, listens):
    tree = Tree()
    CameraPoseLookup(node_with(**values), "", tree).listen()
    assert tree.listens is listens


def test_measured_extrinsics_serve_an_image_that_names_no_frame():
    header = header_at(1)
    header.frame_id = ""
    node = node_with(target="base_link", xyz=XYZ, rpy=RPY)
    placed = CameraPoseLookup(node, "", Tree()).of(header)
    assert placed.frame_id == "base_link"
