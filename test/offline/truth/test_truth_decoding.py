# SPDX-License-Identifier: Apache-2.0
"""Messages with truth, in every form in which they are recorded."""

from __future__ import annotations

import struct
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from tips_ros.offline.truth.truth_decoding import depth_of, labels_of, normals_of

MM = np.array([[0, 1500, 65535]], np.uint16)
NORMAL = np.array([[[0, 0, -1], [0, 0, 0], [np.nan] * 3]], np.float32)
LABELS = np.array([[0, 7, 255], [1, 2, 3]], np.uint8)


def raw(pixels, encoding, padding=0, big=False):
    """An Image whose rows end with some bytes of padding."""
    rows = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<"))
    data = rows.reshape(len(pixels), -1).view(np.uint8)
    data = np.hstack([data, np.full((len(data), padding), 99, np.uint8)])
    height, width = pixels.shape[:2]
    return SimpleNamespace(
        encoding=encoding, height=height, width=width, step=data.shape[1], data=data.ravel(),
        is_bigendian=int(big),
    )  # fmt: skip


def compressed(pixels, format="png", before=b""):
    return SimpleNamespace(
        format=format, data=np.frombuffer(before + bytes(cv2.imencode(".png", pixels)[1]), np.uint8)
    )


def jpeg(format):
    data = bytes(cv2.imencode(".jpg", LABELS)[1])
    return SimpleNamespace(format=format, data=np.frombuffer(data, np.uint8))


@pytest.mark.parametrize("format", ["32FC1; compressedDepth png", "32FC1; compressedDepth"])
def test_compressed_depth_of_floats_is_that_of_its_scale(format):
    furthest_m, quantization = 10.0, 100.0  # as compressed_depth_image_transport has them
    a = quantization * (quantization + 1.0)
    b = 1.0 - a / furthest_m
    metres = np.array([[0.5, 2.5, 9.9]])
    steps = np.hstack([[[0]], np.round(a / metres + b)]).astype(np.uint16)
    depth_m = depth_of(compressed(steps, format, struct.pack("<iff", 0, a, b)))
    assert np.isnan(depth_m[0, 0])
    np.testing.assert_allclose(depth_m[0, 1:], metres[0], rtol=0.005)


@pytest.mark.parametrize(
    "message",
    [
        raw(MM, "16UC1"),
        raw(MM, "16UC1", padding=4, big=True),
        raw((MM / 1000).astype(np.float32), "32FC1"),
        compressed(MM),
        compressed(MM, "16UC1; png compressed "),
        compressed(MM, "16UC1; compressedDepth png", before=bytes(12)),
    ],
)
def test_depth_is_metres_and_0_is_invalid(message):
    depth_m = depth_of(message)
    assert np.isnan(depth_m[0, 0])
    np.testing.assert_allclose(depth_m[0, 1:], [1.5, 65.535])


@pytest.mark.parametrize("padding", [0, 8])
@pytest.mark.parametrize("big", [False, True])
def test_normals_that_are_no_unit_vectors_are_invalid(padding, big):
    normals = normals_of(raw(NORMAL, "32FC3", padding, big))
    np.testing.assert_array_equal(normals[0, 0], [0, 0, -1])
    assert np.isnan(normals[0, 1:]).all()


@pytest.mark.parametrize(
    "message", [raw(LABELS, "mono8"), raw(LABELS, "8UC1", padding=1), compressed(LABELS)]
)
@pytest.mark.quick
def test_labels_are_the_ids_themselves(message):
    np.testing.assert_array_equal(labels_of(message), LABELS)


@pytest.mark.parametrize(
    ("decode", "message", "reason"),
    [
        (depth_of, compressed(MM, "16UC1; compressedDepth rvl", bytes(12)), "record it in png"),
        (depth_of, compressed(MM, "32FC1; compressedDepth png", bytes(12)), "scaled by 0.0"),
        (depth_of, jpeg("16UC1; jpeg compressed "), "has lost its distances"),
        (depth_of, raw(LABELS, "mono8"), "not a depth image"),
        (normals_of, raw(MM, "16UC1"), "must be 32FC3"),
        (labels_of, raw(MM, "16UC1"), "must be mono8 or 8UC1"),
        (labels_of, compressed(MM), "8-bit grey PNG"),
    ],
)
def test_another_kind_of_image_is_refused(decode, message, reason):
    with pytest.raises(ValueError, match=reason):
        decode(message)


@pytest.mark.parametrize("field", ["step", "height", "width"])
def test_sizes_that_do_not_fit_together_are_refused(field):
    message = raw(LABELS, "mono8")
    setattr(message, field, {"step": 2, "height": 3, "width": 0}[field])
    with pytest.raises(ValueError, match="do not fit together"):
        labels_of(message)
