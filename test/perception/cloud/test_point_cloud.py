# SPDX-License-Identifier: Apache-2.0
"""Clouds of scenes whose geometry is known, field by field."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.cloud.point_cloud import (
    CLOUD_DTYPE,
    organised_cloud,
    unpack_rgb,
    unproject,
)

CAMERA = Intrinsics(120.0, 118.0, 49.5, 36.0, 97, 71)  # odd size, off-centre


def plane_depth(camera: Intrinsics, normal: np.ndarray, distance_m: float) -> np.ndarray:
    """Depth along z of the plane normal . p = distance, by intersecting each pixel's ray."""
    v, u = np.mgrid[: camera.height, : camera.width]
    rays = np.stack([u, v, np.ones_like(u)], axis=-1) @ np.linalg.inv(camera.matrix()).T
    return (distance_m / (rays @ normal)).astype(np.float32)


def tilted_plane() -> tuple[np.ndarray, float]:
    normal = np.array([0.3, -0.4, 0.85])
    return normal / np.linalg.norm(normal), 2.5


def random_frame() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    shape = (CAMERA.height, CAMERA.width)
    return {
        "rgb": rng.integers(0, 256, (*shape, 3), dtype=np.uint8),
        "labels": rng.integers(0, 256, shape, dtype=np.uint8),
        "normals": rng.normal(size=(*shape, 3)).astype(np.float32),
    }


def depth() -> np.ndarray:
    return plane_depth(CAMERA, *tilted_plane())


def test_points_of_a_tilted_plane_lie_on_the_plane():
    normal, distance_m = tilted_plane()
    points = unproject(depth(), CAMERA)
    assert points.shape == (71, 97, 3) and points.dtype == np.float32
    np.testing.assert_allclose(points @ normal, distance_m, atol=1e-5)


def test_points_project_back_to_their_own_pixels():
    points = unproject(depth(), CAMERA).astype(np.float64) @ CAMERA.matrix().T
    v, u = np.mgrid[: CAMERA.height, : CAMERA.width]
    np.testing.assert_allclose(points[..., 0] / points[..., 2], u, atol=1e-4)
    np.testing.assert_allclose(points[..., 1] / points[..., 2], v, atol=1e-4)


def test_x_grows_to_the_right_and_y_downward():
    cloud = organised_cloud(np.ones((71, 97), np.float32), CAMERA)
    assert cloud["x"][0, 0] < 0 < cloud["x"][0, -1]
    assert cloud["y"][0, 0] < 0 < cloud["y"][-1, 0]


def test_a_smaller_depth_image_with_scaled_intrinsics_stays_on_the_same_plane():
    """Halving image and intrinsics together must not move the world."""
    normal, distance_m = tilted_plane()
    full = Intrinsics(480.0, 472.0, 200.25, 150.75, 400, 300)
    half = full.scaled_to(200, 150)
    inverse = 1.0 / plane_depth(full, normal, distance_m).astype(np.float64)
    # Inverse depth of a plane is linear in the image: its mean over 2x2 is its middle's value.
    middle = 1.0 / inverse.reshape(150, 2, 200, 2).mean(axis=(1, 3))
    points = unproject(middle.astype(np.float32), half)
    np.testing.assert_allclose(points @ normal, distance_m, atol=1e-5)
    corner = unproject(plane_depth(full, normal, distance_m), full)[:2, :2].reshape(4, 3)
    assert np.linalg.norm(points[0, 0] - corner.mean(axis=0)) < 1e-4


def test_the_layout_has_no_padding_and_the_fields_a_point_cloud_message_names():
    assert CLOUD_DTYPE.itemsize == 32
    offsets = {name: CLOUD_DTYPE.fields[name][1] for name in CLOUD_DTYPE.names}
    assert offsets == {
        "x": 0, "y": 4, "z": 8, "rgb": 12,
        "label": 16, "normal_x": 20, "normal_y": 24, "normal_z": 28,
    }  # fmt: skip


def test_each_pixel_keeps_its_own_colour_label_and_normal():
    frame = random_frame()
    cloud = organised_cloud(depth(), CAMERA, **frame)
    assert cloud.shape == (71, 97) and cloud.flags.c_contiguous
    np.testing.assert_array_equal(unpack_rgb(cloud), frame["rgb"])
    np.testing.assert_array_equal(cloud["label"], frame["labels"])
    for axis, name in enumerate(("normal_x", "normal_y", "normal_z")):
        np.testing.assert_array_equal(cloud[name], frame["normals"][..., axis])
    xyz = np.stack([cloud[name] for name in "xyz"], axis=-1)
    np.testing.assert_array_equal(xyz, unproject(depth(), CAMERA))


def test_colour_bytes_are_packed_as_rviz_reads_them():
    one = Intrinsics(1.0, 1.0, 0.0, 0.0, 1, 1)
    rgb = np.array([[[0x12, 0x34, 0x56]]], np.uint8)
    cloud = organised_cloud(np.ones((1, 1), np.float32), one, rgb)
    assert cloud["rgb"].view(np.uint32)[0, 0] == 0x00123456


def test_what_is_not_given_is_black_unlabelled_and_without_normal():
    cloud = organised_cloud(depth(), CAMERA)
    assert not unpack_rgb(cloud).any()
    assert (cloud["label"] == 255).all()
    assert all(np.isnan(cloud[f"normal_{axis}"]).all() for axis in "xyz")


@pytest.mark.parametrize("invalid", [np.nan, 0.0, -1.0, np.inf, -np.inf])
def test_a_pixel_without_depth_has_no_position_but_keeps_its_colour(invalid: float):
    depth_m, frame = depth(), random_frame()
    depth_m[5, 7] = invalid
    cloud = organised_cloud(depth_m, CAMERA, **frame)
    assert all(np.isnan(cloud[name][5, 7]) for name in "xyz")
    assert np.count_nonzero(np.isnan(cloud["z"])) == 1
    np.testing.assert_array_equal(unpack_rgb(cloud)[5, 7], frame["rgb"][5, 7])
    assert np.isnan(unproject(depth_m, CAMERA)[5, 7]).all()


def test_the_range_is_measured_along_z_and_includes_its_ends():
    depth_m = np.full((71, 97), 2.0, np.float32)
    depth_m[0, :4] = 0.5, 1.0, 3.0, 3.1
    cloud = organised_cloud(depth_m, CAMERA, min_range_m=1.0, max_range_m=3.0)
    np.testing.assert_array_equal(np.isnan(cloud["z"][0, :4]), [True, False, False, True])
    assert not np.isnan(cloud["z"][1:]).any()  # a corner's ray is longer than its depth


def test_a_point_needs_its_range_its_class_its_mask_and_its_ray_at_once():
    depth_m, labels = np.full((71, 97), 2.0, np.float32), np.zeros((71, 97), np.uint8)
    mask, rays = np.ones((71, 97), np.bool_), np.zeros((71, 97, 2), np.float32)
    keep = np.ones(256, np.bool_)
    keep[9] = False
    depth_m[1, 2], labels[3, 4], mask[5, 6], rays[7, 8] = 9.0, 9, False, np.nan
    given = depth_m.copy()
    cloud = organised_cloud(
        depth_m, CAMERA, labels=labels, max_range_m=5.0, keep=keep, mask=mask, rays=rays
    )
    missing = np.argwhere(np.isnan(cloud["z"])).tolist()
    assert missing == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert all(np.isnan(cloud[axis][tuple(at)]) for axis in "xy" for at in missing)
    np.testing.assert_array_equal(depth_m, given)


@pytest.mark.parametrize("stride", [1, 2, 3, 10, 200])
def test_a_stride_keeps_exactly_every_nth_point(stride: int):
    frame = random_frame()
    full = organised_cloud(depth(), CAMERA, **frame)[::stride, ::stride]
    strided = organised_cloud(depth(), CAMERA, **frame, stride=stride)
    assert strided.shape == full.shape
    for name in CLOUD_DTYPE.names:
        np.testing.assert_allclose(strided[name], full[name], rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(unpack_rgb(strided), unpack_rgb(full))


def test_a_buffer_is_filled_in_place_and_leaves_nothing_of_the_frame_before():
    frame = random_frame()
    out = organised_cloud(depth(), CAMERA, **frame)
    holes = depth()
    holes[::2] = np.nan
    again = organised_cloud(holes, CAMERA, out=out)
    assert again is out
    fresh = organised_cloud(holes, CAMERA)
    assert out.tobytes() == fresh.tobytes()


def test_views_and_other_float_types_are_accepted():
    frame = random_frame()
    mirrored = {name: array[:, ::-1] for name, array in frame.items()}
    cloud = organised_cloud(depth().astype(np.float64)[:, ::-1], CAMERA, **mirrored)
    np.testing.assert_array_equal(cloud["label"], frame["labels"][:, ::-1])
    np.testing.assert_array_equal(unpack_rgb(cloud), frame["rgb"][:, ::-1])


def test_the_inputs_are_not_written_to():
    depth_m, frame = depth(), random_frame()
    for array in (depth_m, *frame.values()):
        array.flags.writeable = False
    organised_cloud(depth_m, CAMERA, **frame)


@pytest.mark.parametrize(
    ("name", "shape"), [("rgb", (142, 194, 3)), ("labels", (71, 96)), ("normals", (71, 97))]
)
def test_inputs_of_another_size_are_named_with_both_shapes(name: str, shape: tuple[int, ...]):
    kind = np.float32 if name == "normals" else np.uint8
    with pytest.raises(ValueError, match=rf"{name} is \({shape[0]}, .*\(71, 97"):
        organised_cloud(depth(), CAMERA, **{name: np.zeros(shape, kind)})


def test_depth_of_another_size_than_the_intrinsics_is_refused():
    with pytest.raises(ValueError, match=r"\(35, 48\).*\(71, 97\).*scaled_to"):
        organised_cloud(np.ones((35, 48), np.float32), CAMERA)
    with pytest.raises(ValueError, match="scaled_to"):
        unproject(np.ones((35, 48), np.float32), CAMERA)


def test_integer_millimetres_are_refused_rather_than_taken_for_metres():
    with pytest.raises(ValueError, match="divide mm by 1000"):
        organised_cloud(np.full((71, 97), 1500, np.uint16), CAMERA)


def test_a_buffer_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match="C-contiguous"):
        organised_cloud(depth(), CAMERA, out=np.empty((2, 2), CLOUD_DTYPE))


@pytest.mark.parametrize("stride", [1, 3])
def test_classes_that_are_not_kept_lose_their_position_and_nothing_else(stride: int):
    frame, keep = random_frame(), np.random.default_rng(4).random(256) < 0.5
    whole = organised_cloud(depth(), CAMERA, **frame, stride=stride)
    cut = organised_cloud(depth(), CAMERA, **frame, stride=stride, keep=keep)
    kept = keep[frame["labels"][::stride, ::stride]]
    assert 0 < kept.sum() < kept.size
    assert cut[kept].tobytes() == whole[kept].tobytes()
    for name in "xyz":
        assert np.isnan(cut[name][~kept]).all()
    for name in ("label", "normal_x", "normal_y", "normal_z"):
        np.testing.assert_array_equal(cut[name], whole[name])
    np.testing.assert_array_equal(unpack_rgb(cut), unpack_rgb(whole))


def test_without_labels_all_points_are_kept_or_cut_as_unlabelled():
    keep = np.ones(256, bool)
    assert not np.isnan(organised_cloud(depth(), CAMERA, keep=keep)["z"]).any()
    keep[255] = False
    assert np.isnan(organised_cloud(depth(), CAMERA, keep=keep)["z"]).all()


def test_a_table_that_is_not_one_bool_per_id_is_refused():
    for table in (np.ones(255, bool), np.ones(256, np.uint8)):
        with pytest.raises(ValueError, match=r"keep must be \(256,\) bool"):
            organised_cloud(depth(), CAMERA, keep=table)
