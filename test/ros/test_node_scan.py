# SPDX-License-Identifier: Apache-2.0
"""A 2-D LiDAR on sensor/scan gives depth its scale, and its shift where it tells one, live."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tips_ros.messages.sensor_messages import OUTCOMES

from .depth_bench import SMALL, Bench, deep_room, is_sensor
from .example_messages import FRAME_ID, header_at
from .live_graph import until
from .scan_scene import ROW, laser_mounting, laser_scan
from .tf_bench import KINDS, Robot, put_in_place

SLOPE, OFFSET = 0.8, 0.12


class Drive(Bench):
    """A robot with a camera and a LiDAR; the scene is what the network says of it, moved."""

    def __init__(self, graph, kind: str) -> None:
        super().__init__(graph)
        self.calibrate()
        Robot(graph, kind).is_built(laser_mounting())
        self.frame()  # it listens to the sensor from the first on
        self.rgb = deep_room()
        self.raw = graph.node.predictor.predict(self.rgb, ["depth"]).depth_m

    def scan(self, true_m: np.ndarray, outliers: float = 0.3, **changed):
        """Frames' scans."""
        return lambda header: laser_scan(header, true_m, outliers, **changed)

    def until(self, says, what: str, scan):
        """Frames until ~/depth/info says it; the last depth."""
        return self.frames_until(says, what, scan, "sensor/scan", rgb=self.rgb)

    def counts(self) -> dict[str, int]:
        """The fates of the scans."""
        facts = self.graph.camera.scaling.facts()
        return {outcome: int(facts[f"depth sensor {outcome}"]) for outcome in OUTCOMES}


@pytest.fixture(params=KINDS)
def drive(graph_with, request, monkeypatch) -> Drive:
    put_in_place(request.param, monkeypatch)
    return Drive(graph_with(**SMALL, **{"depth.scale_source": "sensor"}), request.param)


def affine(raw: np.ndarray) -> np.ndarray:
    return 1 / (SLOPE / raw + OFFSET)


def test_scale_and_shift_are_recovered_through_outliers_and_held_at_a_wall(drive):
    true = affine(drive.raw)
    depth_m = drive.until(lambda i: i.inverse_offset != 0, "two numbers", drive.scan(true))
    info = drive.info
    assert info.source == "sensor" and info.consistent and info.note == ""
    assert 1 / info.scale == pytest.approx(SLOPE, rel=0.01)
    assert info.inverse_offset == pytest.approx(OFFSET, rel=0.01)
    np.testing.assert_allclose(depth_m, true, rtol=0.01)
    assert info.samples > 30 and info.inliers >= 0.65 * info.samples

    drive.rgb = np.full((48, 64, 3), 120, np.uint8)
    flat = drive.graph.node.predictor.predict(drive.rgb, ["depth"]).depth_m
    near, far = np.quantile(flat[ROW], (0.1, 0.9))
    assert far < 1.25 * near, "this is no flat wall"
    depth_m = drive.until(
        lambda i: "held" in i.note, "that they are held", drive.scan(affine(flat), 0.0)
    )
    now = drive.info
    assert now.consistent and drive.graph.camera.scaling.doubt == ""
    assert (now.scale, now.inverse_offset) == (info.scale, info.inverse_offset)
    np.testing.assert_allclose(depth_m, affine(flat), rtol=0.01)


def test_a_scan_of_a_network_that_errs_by_a_factor_gives_one_number(drive):
    depth_m = drive.until(is_sensor, "the scale", drive.scan(1.37 * drive.raw))
    for _ in range(8):
        drive.graph.publish(
            laser_scan(header_at(drive.sec + 1), 1.37 * drive.raw, 0.3), "/sensor/scan"
        )
        depth_m = drive.frame(drive.rgb)
    assert drive.info.scale == pytest.approx(1.37, rel=0.01) and drive.info.inverse_offset == 0
    np.testing.assert_allclose(depth_m, 1.37 * drive.raw, rtol=0.011)


def test_the_deviation_follows_both_numbers(drive):
    drive.graph.listen("depth/stddev")
    drive.until(lambda i: i.inverse_offset != 0, "two numbers", drive.scan(affine(drive.raw)))
    sent = drive.graph.received["depth/stddev"]
    until(lambda: sent and sent[-1].header.stamp.sec == drive.sec, "the deviation")
    told = np.frombuffer(sent[-1].data, np.float32).reshape(48, 64)
    network = drive.graph.node.predictor.predict(drive.rgb, ["depth", "stddev"])
    slope = SLOPE * np.square(affine(drive.raw) / drive.raw)  # d metres / d prediction
    np.testing.assert_allclose(told, slope * network.stddev_m, rtol=0.03)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"angle_increment": 0.0}, "angle_increment 0"),
        ({"angle_max": 1.0}, "ranges, but angle_min"),
        ({"range_max": 0.0}, "range_max"),
        ({"time_increment": -0.1}, "time_increment"),
        ({"frame_id": ""}, "set frame_id in its driver"),
        ({"frame_id": FRAME_ID}, "frame of its own"),
        ({"frame_id": "attic"}, "no transform from attic"),
        ({"ranges": [math.nan] * 252}, "none of the scan's 0 beams"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_scan_is_told_with_the_fix_and_the_next_good_one_works(drive, changed, word):
    bad = drive.scan(1.37 * drive.raw, 0.0, **changed)
    drive.until(lambda i: word in i.note, f"{word}", bad)
    assert drive.info.source == "focal" and drive.counts()["unusable"] >= 1
    drive.until(is_sensor, "the scale", drive.scan(1.37 * drive.raw))
    counts = drive.counts()
    assert counts["compared"] >= 1
    assert counts["heard"] >= counts["compared"] + counts["unusable"] + counts["passed over"]


def test_a_scan_that_runs_clockwise_is_read_as_it_runs(drive):
    def clockwise(header):
        scan = laser_scan(header, affine(drive.raw), 0.0)
        scan.ranges = scan.ranges[::-1]
        scan.angle_min, scan.angle_max = scan.angle_max, scan.angle_min
        scan.angle_increment *= -1
        return scan

    drive.until(lambda i: i.inverse_offset != 0, "two numbers", clockwise)
    assert drive.info.inverse_offset == pytest.approx(OFFSET, rel=0.02)
    assert drive.info.spread < 0.02
