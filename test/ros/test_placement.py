# SPDX-License-Identifier: Apache-2.0
"""The place of a camera: as somebody measured it, or as tf2 says, or not at all."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from tips_ros.perception.camera.extrinsics import extrinsic_matrix
from tips_ros.ros.frames import FrameError
from tips_ros.ros.parameter_snapshot import Snapshot
from tips_ros.ros.placement import Placement

from .conftest import FRAME_ID, header_at

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

    def transform(self, target, source, stamp, timeout_s):
        self.asked.append((target, source, stamp, timeout_s))
        if self.matrix is None:
            raise FrameError(f"no transform from {source} to {target}: nobody publishes it")
        return self.matrix


def node_with(camera="", **values):
    """A node's parameters, those of a camera under its name."""
    given = {
        "points_filtered.target_frame": values.get("target", ""),
        "extrinsics.xyz": values.get("xyz", []),
        "extrinsics.rpy": values.get("rpy", []),
    }
    prefix = f"{camera}." if camera else ""
    values = {prefix + name: value for name, value in given.items()}
    return SimpleNamespace(parameter_snapshot=Snapshot(values))


@pytest.mark.parametrize("target", ["", FRAME_ID])
def test_the_cameras_own_frame_takes_neither_tree_nor_numbers(target):
    tree = Tree()
    placed = Placement(node_with(target=target, xyz=XYZ, rpy=RPY), "", tree).of(HEADER)
    assert placed.frame_id == FRAME_ID
    np.testing.assert_array_equal(placed.matrix, np.eye(4))
    assert not tree.asked


def test_measured_extrinsics_are_taken_without_asking_tf2():
    tree = Tree(np.eye(4))
    placed = Placement(node_with(target="base_link", xyz=XYZ, rpy=RPY), "", tree).of(HEADER)
    assert placed.frame_id == "base_link"
    np.testing.assert_array_equal(placed.matrix, extrinsic_matrix(XYZ, RPY))
    assert not tree.asked


def test_without_them_the_tree_is_asked_for_the_time_of_the_image():
    matrix = extrinsic_matrix(XYZ, RPY)
    tree = Tree(matrix)
    placed = Placement(node_with(target="map"), "", tree).of(HEADER)
    assert placed.frame_id == "map"
    np.testing.assert_array_equal(placed.matrix, matrix)
    assert tree.asked[0][:3] == ("map", FRAME_ID, HEADER.stamp)


def test_a_place_that_nobody_knows_is_an_error_that_names_it():
    placement = Placement(node_with(target="map"), "", Tree())
    with pytest.raises(FrameError, match=f"from {FRAME_ID} to map"):
        placement.of(HEADER, 0.2)


def test_the_time_to_wait_is_handed_on():
    tree = Tree(np.eye(4))
    Placement(node_with(target="map"), "", tree).of(HEADER, 0.2)
    assert tree.asked[0][3] == 0.2


def test_the_complaint_is_told_once_with_both_remedies(caplog):
    placement = Placement(node_with("front", target="map"), "front", Tree())
    logger = logging.getLogger("tips_ros")
    logger.addHandler(caplog.handler)
    try:
        for _ in range(3):
            placement.complain(HEADER, FrameError("nobody publishes it"))
    finally:
        logger.removeHandler(caplog.handler)
    told = {id(record): record.getMessage() for record in caplog.records}
    assert len(told) == 1
    (message,) = told.values()
    assert message.startswith("no ~/front/points_filtered")
    assert FRAME_ID in message and "in map" in message and "Publish that transform" in message
    assert "front.extrinsics.xyz and front.extrinsics.rpy" in message


@pytest.mark.parametrize("half", [{"xyz": XYZ}, {"rpy": RPY}])
def test_half_of_the_numbers_are_no_place(half):
    tree = Tree(np.eye(4))
    with pytest.raises(ValueError, match="xyz and rpy"):
        Placement(node_with(target="base_link", **half), "", tree).of(HEADER)
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
    Placement(node_with(**values), "", tree).listen()
    assert tree.listens is listens


def test_measured_extrinsics_serve_an_image_that_names_no_frame():
    header = header_at(1)
    header.frame_id = ""
    placed = Placement(node_with(target="base_link", xyz=XYZ, rpy=RPY), "", Tree()).of(header)
    assert placed.frame_id == "base_link"
