# SPDX-License-Identifier: Apache-2.0
"""Clouds, scans and IMUs: counts, fields and angles that do not fit together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tips_ros.messages.decoding import read_points, read_scan
from tips_ros.messages.sensor_view import middle_ns
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.imu_up import GravityFilter, ImuReading
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.depth.sparse_depth import sparse_depth

from ..mutations import ODD_FLOATS, ODD_NUMBERS
from ..target import Target, refusal

_LENS = Lens(Intrinsics(20.0, 20.0, 7.5, 5.5, 16, 12))
_COUNTS = st.one_of(st.integers(0, 40), st.sampled_from(ODD_NUMBERS))
_FLOATS = st.one_of(
    st.sampled_from([v for v in ODD_FLOATS if abs(v) <= 1e38 or abs(v) == np.inf or v != v]),
    st.floats(-10, 10, width=32),
).map(lambda value: float(np.float32(value)))
_FIELD = st.builds(
    lambda name, offset, datatype, count: SimpleNamespace(
        name=name, offset=offset, datatype=datatype, count=count
    ),
    st.sampled_from(("x", "y", "z", "x", "rgb", "", "\x1b[2J")),
    _COUNTS,
    st.one_of(st.sampled_from((7, 8)), st.integers(0, 255)),
    _COUNTS,
)
_XYZ = [SimpleNamespace(name=n, offset=4 * i, datatype=7, count=1) for i, n in enumerate("xyz")]
_HEADER = SimpleNamespace(stamp=SimpleNamespace(sec=5, nanosec=0), frame_id="lidar")


@st.composite
def _clouds(draw: Any) -> SimpleNamespace:
    fields = _XYZ if draw(st.booleans()) else draw(st.lists(_FIELD, max_size=5))
    rows, columns = draw(st.integers(0, 4)), draw(st.integers(0, 6))
    point = draw(st.sampled_from((12, 16, 32)))
    step, size = point * columns, point * columns * rows
    if draw(st.integers(0, 2)) == 0:
        rows, columns, point, step, size = (draw(_COUNTS) for _ in range(5))
    data = draw(st.one_of(st.binary(min_size=1, max_size=12), st.just(b"\0\0\xc0\x7f")))
    size = min(size, 4000)
    return SimpleNamespace(
        header=_HEADER,
        height=rows,
        width=columns,
        fields=fields,
        is_bigendian=draw(st.booleans()),
        point_step=point,
        row_step=step,
        data=(data * (size // len(data) + 1))[:size],
    )


@st.composite
def _scans(draw: Any) -> SimpleNamespace:
    count = draw(st.integers(0, 30))
    first, step = draw(_FLOATS), draw(_FLOATS)
    last = first + step * max(count - 1, 0) if draw(st.booleans()) else draw(_FLOATS)
    return SimpleNamespace(
        header=_HEADER,
        angle_min=first,
        angle_max=last,
        angle_increment=step,
        time_increment=draw(st.one_of(st.just(0.0), _FLOATS)),
        range_min=draw(st.one_of(st.just(0.1), _FLOATS)),
        range_max=draw(st.one_of(st.just(10.0), _FLOATS)),
        ranges=np.array(draw(st.lists(_FLOATS, min_size=count, max_size=count)), np.float32),
    )


def check_cloud(message: SimpleNamespace) -> None:
    """Points as many as announced, whatever they are; depth of them is above zero."""
    with refusal(ValueError):
        points = read_points(message)
        assert points.shape == (message.width * message.height, 3)
        _check_depth(points)


def check_scan(message: SimpleNamespace) -> None:
    """Ends of beams that are finite; a middle of the sweep that is a time."""
    assert middle_ns("scan", message) >= 0
    with refusal(ValueError):
        beams = read_scan(message)
        assert np.isfinite(beams.points).all() and np.isfinite(beams.after_s).all()
        _check_depth(beams.points[:, [1, 2, 0]])


def _check_depth(points: np.ndarray) -> None:
    depth_m = sparse_depth(points, _LENS)
    assert depth_m.shape == (12, 16)
    assert np.all(np.isnan(depth_m) | (np.isfinite(depth_m) & (depth_m > 0)))


def _several(count: int) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(_FLOATS, min_size=count, max_size=count).map(tuple)


_READINGS = st.lists(
    st.builds(ImuReading, st.floats(0, 20), _several(4), _several(3), _several(3)), max_size=8
)


def check_imu(readings: list[ImuReading]) -> None:
    """Up of unit length, or none."""
    gravity = GravityFilter()
    for reading in readings:
        gravity.add(reading)
        up = gravity.at(reading.at_s)
        assert up is None or abs(np.linalg.norm(up.vector) - 1) < 1e-6


TARGETS = (
    Target("clouds", _clouds(), check_cloud),
    Target("scans", _scans(), check_scan),
    Target("imu", _READINGS, check_imu),
)
