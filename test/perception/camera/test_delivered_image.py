# SPDX-License-Identifier: Apache-2.0
"""Regions and binning as drivers fill them in are understood by the image that came with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics, UncalibratedCamera
from tips_ros.perception.camera.camera_reading import read_camera_info

from .test_camera_info import camera_info, roi

FULL = Intrinsics(1180.0, 1170.0, 1013.5, 781.0, 2048, 1536)


def sensor(intrinsics: Intrinsics = FULL, **changes: Any) -> Any:
    """The CameraInfo of a sensor of 2048x1536 with this K."""
    k = intrinsics.matrix()
    p = np.hstack([k, np.zeros((3, 1))]).ravel()
    return camera_info(**({"width": 2048, "height": 1536, "k": k.ravel(), "p": p} | changes))


def seen(info: Any, width: int, height: int) -> tuple[float, float, float, float]:
    """fx, fy, cx, cy of an image of this size."""
    k = read_camera_info(info, image_size=(height, width)).intrinsics
    assert (k.width, k.height) == (width, height)
    return k.fx, k.fy, k.cx, k.cy


def numbers(k: Intrinsics) -> Any:
    return pytest.approx((k.fx, k.fy, k.cx, k.cy))


def binned(k: Intrinsics, bx: int, by: int) -> Intrinsics:
    """Of every pixel of bx by by combined, whatever remains at the edges."""
    cx, cy = (k.cx + 0.5) / bx - 0.5, (k.cy + 0.5) / by - 0.5
    return Intrinsics(k.fx / bx, k.fy / by, cx, cy, k.width // bx, k.height // by)


@pytest.mark.parametrize("size", [(682, 512), (683, 512), (684, 512), (680, 512), (682, 510)])
def test_binning_may_round_up_or_down(size: tuple[int, int]):
    """2048 / 3 is 682.67; drivers also round to even numbers and to multiples of four."""
    info = sensor(binning_x=3, binning_y=3)
    assert seen(info, *size) == numbers(binned(FULL, 3, 3))


@pytest.mark.parametrize("size", [(2047, 1536), (2048, 1535), (2049, 1537)])
def test_an_image_may_be_a_pixel_smaller_or_larger_than_its_camera_info(size: tuple[int, int]):
    assert seen(sensor(), *size) == numbers(FULL)


@pytest.mark.parametrize("region", [(0, 0, 2047, 1535), (0, 0, 2048, 1535), (1, 1, 2047, 1535)])
def test_a_region_a_pixel_short_is_no_fault(region: tuple[int, int, int, int]):
    fx, fy, cx, cy = seen(sensor(roi=roi(*region)), 2048, 1536)
    assert (fx, fy) == (FULL.fx, FULL.fy)
    assert (cx, cy) == (FULL.cx - region[0], FULL.cy - region[1])


def test_an_offset_without_a_size_is_ignored_where_the_image_is_whole():
    assert seen(sensor(roi=roi(8, 4, 0, 0)), 2048, 1536) == numbers(FULL)


def test_an_offset_without_a_size_reaches_to_the_far_edge_where_the_image_is_that_small():
    assert seen(sensor(roi=roi(48, 36, 0, 0)), 2000, 1500)[2:] == (FULL.cx - 48, FULL.cy - 36)


def test_a_region_may_be_far_from_the_principal_point():
    """Of the upper left corner: its own picture does not hold the principal point."""
    assert seen(sensor(roi=roi(0, 0, 640, 480)), 640, 480) == numbers(FULL)
    assert seen(sensor(roi=roi(1400, 1000, 640, 480)), 640, 480)[2:] == (
        FULL.cx - 1400,
        FULL.cy - 1000,
    )


def test_a_region_in_binned_pixels_is_understood():
    """The image is the whole region of 512x384, which unbinned is 1024x768 from (200, 100)."""
    info = sensor(binning_x=2, binning_y=2, roi=roi(100, 50, 512, 384))
    half = binned(FULL, 2, 2)
    assert seen(info, 512, 384)[2:] == (half.cx - 100, half.cy - 50)
    # By REP 104 the same fields are an image of 256x192.
    assert seen(info, 256, 192)[2:] == ((FULL.cx - 99.5) / 2 - 0.5, (FULL.cy - 49.5) / 2 - 0.5)


@pytest.mark.parametrize("binning", [(2, 2), (4, 4), (2, 1), (1, 2), (2, 4)])
@pytest.mark.parametrize("size_too", [False, True])
def test_a_calibration_of_the_binned_image_is_not_binned_again(
    binning: tuple[int, int], size_too: bool
):
    small = binned(FULL, *binning)
    changes = {"width": small.width, "height": small.height} if size_too else {}
    info = sensor(small, binning_x=binning[0], binning_y=binning[1], **changes)
    assert seen(info, small.width, small.height) == numbers(small)


def test_the_size_alone_may_be_binned_already():
    info = sensor(width=1024, height=768, binning_x=2, binning_y=2)
    assert seen(info, 1024, 768) == numbers(binned(FULL, 2, 2))


def test_a_size_that_is_not_filled_in_is_that_of_the_image():
    assert seen(sensor(width=0, height=0), 2048, 1536) == numbers(FULL)
    info = sensor(width=0, height=0, binning_x=2, binning_y=2)
    assert seen(info, 1024, 768) == numbers(binned(FULL, 2, 2))


@pytest.mark.parametrize("size", [(0, 0), (1024, 768)])
def test_a_region_of_a_sensor_whose_size_is_not_told_crops_it(size: tuple[int, int]):
    """Width and height are the region's, or zero, and K is of the sensor, as REP 104 says."""
    info = sensor(width=size[0], height=size[1], roi=roi(512, 384, 1024, 768))
    assert seen(info, 1024, 768) == pytest.approx((FULL.fx, FULL.fy, FULL.cx - 512, FULL.cy - 384))


def test_a_p_of_the_region_beside_a_k_of_the_sensor_is_understood():
    """As Baxter's hand cameras have it."""
    p = np.hstack([FULL.matrix(), np.zeros((3, 1))])
    p[:2, 2] -= 512, 384
    info = sensor(width=1024, height=768, roi=roi(512, 384, 1024, 768), p=p.ravel())
    expected = pytest.approx((FULL.fx, FULL.fy, FULL.cx - 512, FULL.cy - 384))
    assert seen(info, 1024, 768) == expected
    k = read_camera_info(info, True, (768, 1024)).intrinsics
    assert (k.fx, k.fy, k.cx, k.cy) == expected


def test_a_calibration_of_the_region_is_not_cropped_again():
    own = Intrinsics(1180.0, 1170.0, 500.0, 390.0, 1024, 768)
    info = sensor(own, width=1024, height=768, roi=roi(512, 384, 1024, 768))
    assert seen(info, 1024, 768) == numbers(own)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"binning_x": 4, "binning_y": 4},
        {"roi": roi(0, 0, 320, 240)},
        {"roi": roi(8, 4, 0, 0)},
        {"width": 1920, "height": 1080},
    ],
)
def test_an_image_of_another_size_is_refused_with_both_sizes(changes: dict[str, Any]):
    with pytest.raises(UncalibratedCamera, match=r"is for \d+x\d+ images, but they are 640x480"):
        read_camera_info(sensor(**changes), image_size=(480, 640))


def test_the_wrong_numbers_are_not_made_right_by_a_region():
    """K of half the resolution would suit a part of the sensor, but that isn't what it says."""
    half = FULL.scaled_to(1024, 768)
    with pytest.raises(UncalibratedCamera, match="principal point"):
        read_camera_info(sensor(half, roi=roi(200, 100, 1024, 768)), image_size=(768, 1024))
