# SPDX-License-Identifier: Apache-2.0
"""Positions are read from clouds as drivers publish them, and from no others."""

from __future__ import annotations

import array

import numpy as np
import pytest
from sensor_msgs.msg import LaserScan, PointCloud2, PointField

from tips_ros.messages.decoding import read_points, read_scan

XYZ = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [np.nan, 0.0, -1.0], [7.0, 8.0, 9.0]])


def cloud(
    names: str = "xyz",
    kind: str = "f4",
    order: str = "<",
    height: int = 1,
    padding: int = 0,
    between: int = 0,
) -> PointCloud2:
    """XYZ in (height) rows, with bytes between the points and after the rows."""
    size = int(kind[1])
    step = size * len(names) + between
    columns = len(XYZ) // height
    data = np.zeros((height, columns * step + padding), np.uint8)
    points = data[:, : columns * step].reshape(height, columns, step)
    for i, name in enumerate(names):
        values = XYZ[:, "xyz".index(name)] if name in "xyz" else np.full(len(XYZ), 99.0)
        if kind == "i4":
            values = np.nan_to_num(values)
        raw = values.astype(f"{order}{kind}").view(np.uint8).reshape(height, columns, size)
        points[..., i * size : (i + 1) * size] = raw
    datatype = {"f4": PointField.FLOAT32, "f8": PointField.FLOAT64, "i4": PointField.INT32}[kind]
    return PointCloud2(
        height=height,
        width=columns,
        fields=[
            PointField(name=name, offset=size * i, datatype=datatype, count=1)
            for i, name in enumerate(names)
        ],
        is_bigendian=order == ">",
        point_step=step,
        row_step=columns * step + padding,
        data=array.array("B", data.tobytes()),
    )


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"kind": "f8"},
        {"order": ">"},
        {"names": "izyx"},
        {"between": 3},
        {"height": 2, "padding": 5},
        {"height": 2, "kind": "f8", "between": 1, "order": ">"},
    ],
)
def test_positions_are_read_whatever_surrounds_them(how):
    found = read_points(cloud(**how))
    assert found.shape == (4, 3) and found.dtype == np.float64
    np.testing.assert_array_equal(found, XYZ)


def test_a_single_row_needs_no_row_step():
    message = cloud()
    message.row_step = 0
    np.testing.assert_array_equal(read_points(message), XYZ)


def test_no_points_are_no_error():
    message = cloud()
    message.width, message.row_step = 0, 0
    del message.data[:]
    assert read_points(message).shape == (0, 3)


@pytest.mark.parametrize("how", [{"names": "xy"}, {"names": "i"}, {"kind": "i4"}])
def test_points_without_x_y_and_z_in_floats_are_refused_by_name(how):
    with pytest.raises(ValueError, match="need x, y and z as float32 or float64"):
        read_points(cloud(**how))


@pytest.mark.parametrize(
    "fields", [{"width": 9}, {"point_step": 8}, {"height": 3, "width": 2, "row_step": 24}]
)
def test_bytes_that_are_not_the_points_announced_are_refused(fields):
    message = cloud()
    for name, value in fields.items():
        setattr(message, name, value)
    with pytest.raises(ValueError, match="do not fit together"):
        read_points(message)


def test_a_nan_that_signals_is_a_nan():
    message = cloud()
    message.data = array.array("B", b"\x01\0\x80\x7f" + bytes(message.data)[4:])
    assert np.isnan(read_points(message)[0, 0])


def test_the_names_of_fields_do_nothing_to_a_terminal():
    message = PointCloud2(fields=[PointField(name="\x1b[2J\n", datatype=7)] * 40)
    with pytest.raises(ValueError) as refused:
        read_points(message)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"angle_max": 1e38, "angle_increment": 1e-38}, "those of too many"),
        ({"ranges": [float("nan")] * 3, "range_max": float("nan")}, "no range is from"),
    ],
)
def test_a_scan_that_no_lidar_makes_is_refused(changes, reason):
    fields = {"angle_max": 1.0, "angle_increment": 0.5, "range_max": 9.0, "ranges": [1.0] * 3}
    with pytest.raises(ValueError, match=reason):
        read_scan(LaserScan(**{**fields, **changes}))
