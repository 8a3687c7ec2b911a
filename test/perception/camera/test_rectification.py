# SPDX-License-Identifier: Apache-2.0
"""A rectified image is what OpenCV makes of the raw one, and its camera is a pinhole."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.camera.rectification import rectification

from .test_camera_info import camera_info, roi

SIZE = (240, 320)
K = np.array([[190.0, 0.0, 155.0], [0.0, 188.0, 122.0], [0.0, 0.0, 1.0]])
P = np.array([[150.0, 0.0, 160.0, -18.0], [0.0, 152.0, 118.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
TURNED = cv2.Rodrigues(np.array([0.02, -0.05, 0.01]))[0]
BENT = ("plumb_bob", [-0.28, 0.08, 1e-3, -5e-4, 0.0])
LENSES = {
    "barrel": BENT,
    "pincushion": ("plumb_bob", [0.15, -0.02, 0.0, 0.0, 0.0]),
    "rational": ("rational_polynomial", [0.52, -0.6, 8e-4, -3e-4, 0.3, 0.39, -0.4, 0.2]),
    "fisheye": ("equidistant", [-0.02, 0.003, -0.001, 2e-4]),
}


def info(lens: tuple[str, list[float]] = BENT, **changes: Any) -> Any:
    model, d = lens
    fields = {"width": 320, "height": 240, "k": K.ravel(), "d": d, "distortion_model": model}
    return camera_info(**(fields | {"p": [0.0] * 12, "r": [0.0] * 9} | changes))


def smooth_picture(rays: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 whose colour says where a pixel looks."""
    waves = [np.sin(3 * rays[..., 0]), np.cos(2 * rays[..., 1]), np.sin(2 * rays.sum(-1))]
    return np.nan_to_num(np.round(127.5 + 120 * np.stack(waves, axis=-1))).astype(np.uint8)


@pytest.mark.parametrize("r", [np.eye(3), TURNED], ids=["one camera", "of a pair"])
@pytest.mark.parametrize("name", LENSES)
def test_with_p_it_is_what_opencv_makes(name: str, r: np.ndarray):
    model, d = LENSES[name]
    raw = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    raw = cv2.GaussianBlur(raw, (9, 9), 3)
    init = cv2.fisheye.initUndistortRectifyMap if name == "fisheye" else cv2.initUndistortRectifyMap
    maps = init(K, np.array(d), r, P[:, :3], SIZE[::-1], cv2.CV_32FC1)
    expected = cv2.remap(raw, *maps, cv2.INTER_LINEAR)
    ours = rectification(info(LENSES[name], p=P.ravel(), r=r.ravel()), SIZE).rectified(raw)
    inside = (maps[0] > 0) & (maps[0] < 319) & (maps[1] > 0) & (maps[1] < 239)
    difference = np.abs(ours.astype(int) - expected)[inside]
    assert inside.mean() > 0.5 and difference.max() <= 3


@pytest.mark.parametrize("name", LENSES)
@pytest.mark.parametrize("p", [np.zeros(12), P.ravel()], ids=["without P", "with P"])
def test_a_pixel_looks_where_the_pinhole_says(name: str, p: np.ndarray):
    message = info(LENSES[name], p=p, r=np.eye(3).ravel())
    raw = smooth_picture(Lens.from_camera_info(message).rays())
    made = rectification(message, SIZE)
    seen = made.rectified(raw)
    expected = smooth_picture(Lens(made.intrinsics).rays())
    shown = cv2.erode(made.rectified(np.full(SIZE, 255, np.uint8)), np.ones((5, 5))) == 255
    assert shown.mean() > 0.5
    assert np.abs(seen.astype(int) - expected)[shown].max() <= 4


@pytest.mark.parametrize("name", LENSES)
def test_without_p_the_picture_is_filled_and_its_pixels_are_square(name: str):
    made = rectification(info(LENSES[name]), SIZE)
    assert (made.rectified(np.full(SIZE, 255, np.uint8)) == 255).mean() > 0.998
    assert made.intrinsics.fx == made.intrinsics.fy
    assert 20 < made.intrinsics.hfov_deg < 110.5


def test_without_p_it_is_the_largest_such_view():
    """A view a little wider would have black edges."""
    made = rectification(info(), SIZE)
    wider = np.hstack(
        [made.intrinsics.matrix() * [[0.98, 1, 1], [1, 0.98, 1], [1, 1, 1]], [[0]] * 3]
    )
    again = rectification(info(p=wider.ravel()), SIZE)
    assert (again.rectified(np.full(SIZE, 255, np.uint8)) < 255).any()


def test_a_fisheye_of_200_degrees_is_cut_to_what_a_pinhole_can_show():
    k = [90.0, 0.0, 159.5, 0.0, 90.0, 119.5, 0.0, 0.0, 1.0]
    made = rectification(info(("equidistant", [0.0] * 4), k=k), SIZE)
    assert 100 < made.intrinsics.hfov_deg < 110.5
    assert (made.rectified(np.full(SIZE, 255, np.uint8)) == 255).all()


def test_all_that_is_told_of_the_camera_is_a_pinhole():
    made = rectification(info(p=P.ravel(), r=TURNED.ravel()), SIZE)
    camera = made.camera_at((120, 160))
    assert camera.lens.is_pinhole and camera.rays is None
    assert (camera.intrinsics.fx, camera.intrinsics.fy) == (75.0, 76.0)
    fields = camera.fields
    assert (fields.width, fields.height) == (160, 120)
    assert fields.d == [0.0] * 5 and fields.distortion_model == "plumb_bob"
    assert fields.r == np.eye(3).ravel().tolist()
    p = np.reshape(fields.p, (3, 4))
    np.testing.assert_array_equal(p[:, :3], np.reshape(fields.k, (3, 3)))
    assert p[0, 3] / p[0, 0] == pytest.approx(P[0, 3] / P[0, 0])  # the baseline


def test_a_region_and_binning_are_those_of_the_image():
    """The lower right quarter, binned by two, is that part of the whole rectified picture."""
    changes = {"p": np.hstack([P[:, :3], np.zeros((3, 1))]).ravel(), "r": np.eye(3).ravel()}
    part = info(**changes, roi=roi(160, 120, 160, 120), binning_x=2, binning_y=2)
    raw = smooth_picture(Lens.from_camera_info(part).rays())
    made = rectification(part, (60, 80))
    shown = cv2.erode(made.rectified(np.full((60, 80), 255, np.uint8)), np.ones((5, 5))) == 255
    expected = smooth_picture(Lens(made.intrinsics).rays())
    assert shown.mean() > 0.5
    assert np.abs(made.rectified(raw).astype(int) - expected)[shown].max() <= 4


def test_a_pinhole_s_image_is_not_touched():
    image = np.zeros((*SIZE, 3), np.uint8)
    for p in (np.zeros(12), np.hstack([K, np.zeros((3, 1))]).ravel()):
        made = rectification(info(("plumb_bob", [0.0] * 5), p=p), SIZE)
        assert made.maps is None and made.rectified(image) is image


def test_maps_are_made_once_for_a_camera_and_size():
    assert rectification(info(), SIZE) is rectification(info(), SIZE)
    assert rectification(info(), SIZE) is not rectification(info(k=K.ravel() * 1.01), SIZE)


def test_an_image_of_another_size_and_a_camera_without_calibration_are_refused():
    with pytest.raises(ValueError, match="the maps are for"):
        rectification(info(), SIZE).rectified(np.zeros((120, 160, 3), np.uint8))
    with pytest.raises(UncalibratedCamera, match="not calibrated"):
        rectification(info(k=[0.0] * 9), SIZE)
