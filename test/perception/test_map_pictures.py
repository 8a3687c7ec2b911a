# SPDX-License-Identifier: Apache-2.0
"""Pictures must mean what their legend says."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.map_pictures import (
    MOST_UNSURE,
    depth_colors,
    depth_limit_m,
    depth_picture,
    deviation_colors,
    deviation_picture,
    normals_picture,
    overlay,
)


def test_near_is_warm_far_is_cool():
    near, far = depth_picture(np.array([[0.3, 4.9]], np.float32), 5.0)[0].astype(int)
    assert near[0] > near[2] and far[2] > far[0]


@pytest.mark.parametrize("invalid", [np.nan, np.inf, -np.inf, 0.0, -1.0])
def test_invalid_depth_is_black_and_nothing_valid_is(invalid: float):
    depth_m = np.linspace(0.01, 30, 400, dtype=np.float32).reshape(20, 20)
    depth_m[4, 5] = invalid
    black = (depth_picture(depth_m, 10.0) == 0).all(axis=2)
    assert np.argwhere(black).tolist() == [[4, 5]]


def test_every_depth_from_the_limit_on_has_the_last_colour():
    picture = depth_picture(np.array([[10.0, 11.0, 500.0]], np.float32), 10.0)
    assert (picture == depth_colors()[1]).all()
    assert (depth_picture(np.array([[1e-3]], np.float32), 10.0) == depth_colors()[255]).all()


def test_a_fixed_limit_gives_a_depth_the_same_colour_in_every_frame():
    alone = depth_picture(np.full((2, 2), 1.7, np.float32), 8.0)
    among = depth_picture(np.array([[1.7, 6.0], [0.2, np.nan]], np.float32), 8.0)
    assert among[0, 0].tolist() == alone[0, 0].tolist()


def test_a_few_wild_depths_do_not_stretch_the_colours():
    depth_m = np.full((100, 100), 2.0, np.float32)
    depth_m[0, :50] = 900.0
    assert depth_limit_m(depth_m) == pytest.approx(2.0)


def test_a_frame_without_any_depth_is_all_black():
    depth_m = np.full((6, 4), np.nan, np.float32)
    assert depth_limit_m(depth_m) == 1.0
    assert not depth_picture(depth_m).any()


def test_normals_have_the_usual_colours():
    """Right red, up green (y is down in the optical frame), toward the camera blue."""
    normals = np.array([[[1, 0, 0], [0, -1, 0], [0, 0, -1]]], np.float32)
    assert normals_picture(normals)[0].tolist() == [
        [255, 128, 128],
        [128, 255, 128],
        [128, 128, 255],
    ]


def test_a_missing_normal_is_black():
    normals = np.full((2, 2, 3), np.nan, np.float32)
    normals[0, 0] = 0, 0, -1
    picture = normals_picture(normals)
    assert not picture[1].any() and picture[0, 0].any()


def palette() -> np.ndarray:
    colors = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)
    colors[255] = 0
    return colors


def test_an_overlay_mixes_image_and_class_colour():
    rgb = np.random.default_rng(2).integers(0, 256, (9, 13, 3), dtype=np.uint8)
    labels = np.arange(9 * 13, dtype=np.uint8).reshape(9, 13)
    expected = 0.7 * rgb + 0.3 * palette()[labels]
    np.testing.assert_allclose(overlay(rgb, labels, palette(), 0.3), expected, atol=0.51)


def test_unlabelled_pixels_show_the_plain_image():
    rgb = np.random.default_rng(2).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    labels = np.full((4, 4), 255, np.uint8)
    labels[1, 1] = 3
    picture = overlay(rgb, labels, palette(), 1.0)
    assert picture[1, 1].tolist() == palette()[3].tolist()
    picture[1, 1] = rgb[1, 1]
    np.testing.assert_array_equal(picture, rgb)


def test_an_overlay_of_another_size_names_both_sizes():
    with pytest.raises(ValueError, match=r"\(2, 2\).*\(4, 4\)"):
        overlay(np.zeros((4, 4, 3), np.uint8), np.zeros((2, 2), np.uint8), palette())


def test_pictures_leave_their_inputs_alone_and_take_views():
    depth_m = np.linspace(0.1, 3, 24, dtype=np.float64).reshape(4, 6)[:, ::-1]
    normals = np.zeros((6, 4, 3), np.float32).transpose(1, 0, 2)
    rgb = np.zeros((4, 6, 4), np.uint8)[..., 2::-1]  # a BGRA camera's view as RGB
    labels = np.zeros((4, 12), np.uint8)[:, ::2]
    for array in (depth_m, normals, rgb, labels):
        array.flags.writeable = False
    for picture in (
        depth_picture(depth_m),
        normals_picture(normals),
        overlay(rgb, labels, palette()),
    ):
        assert picture.shape == (4, 6, 3) and picture.dtype == np.uint8


def test_a_single_pixel_is_a_picture_too():
    assert depth_picture(np.ones((1, 1), np.float32)).shape == (1, 1, 3)
    assert normals_picture(np.zeros((1, 1, 3), np.float32)).shape == (1, 1, 3)
    one = np.zeros((1, 1), np.uint8)
    assert overlay(np.zeros((1, 1, 3), np.uint8), one, palette()).shape == (1, 1, 3)


def test_the_less_sure_the_brighter_up_to_the_end_of_the_colours():
    shares = np.array([[0.01, 0.1, 0.3, MOST_UNSURE, 3.0]], np.float32)
    depth_m = np.full_like(shares, 4.0)
    brightness = deviation_picture(shares * depth_m, depth_m)[0].astype(int).sum(axis=1)
    assert (np.diff(brightness)[:3] > 0).all() and brightness[3] == brightness[4]
    assert (deviation_picture(shares * depth_m, depth_m)[0, 4] == deviation_colors()[255]).all()


@pytest.mark.parametrize("invalid", [np.nan, np.inf, 0.0])
def test_where_no_deviation_is_known_it_is_black_and_nowhere_else(invalid: float):
    stddev_m, depth_m = (np.full((4, 5), value, np.float32) for value in (0.001, 2.0))
    stddev_m[1, 2] = invalid
    black = (deviation_picture(stddev_m, depth_m) == 0).all(axis=2)
    assert np.argwhere(black).tolist() == [[1, 2]]
