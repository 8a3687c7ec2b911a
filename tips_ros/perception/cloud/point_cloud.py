# SPDX-License-Identifier: Apache-2.0
"""From a depth image to an organised, coloured, labelled point cloud in the optical frame."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.classes.class_list import UNLABELLED

Float32Array: TypeAlias = NDArray[np.float32]
Bytes: TypeAlias = NDArray[np.uint8]
Cloud: TypeAlias = NDArray[np.void]  # structured, CLOUD_DTYPE


# Eight 4-byte fields without padding: the buffer is also an (H, W, 8) float32 picture, which is
# how it is filled. `rgb` is what RViz and PCL expect, the bits of 0x00RRGGBB read as a float32.
CLOUD_DTYPE = np.dtype(
    {
        "names": ["x", "y", "z", "rgb", "label", "normal_x", "normal_y", "normal_z"],
        "formats": ["<f4", "<f4", "<f4", "<f4", "<u4", "<f4", "<f4", "<f4"],
        "offsets": [0, 4, 8, 12, 16, 20, 24, 28],
        "itemsize": 32,
    }
)


def unproject(
    depth_m: NDArray[Any], intrinsics: Intrinsics, rays: Float32Array | None = None
) -> Float32Array:
    """Points of a depth image.

    Convention: optical frame (x right, y down, z forward), metres; depth is along z.

    Args:
        depth_m: (H, W) floating metres; NaN, zero, negative and infinite mean "no depth".
        intrinsics: of the image of that very size.
        rays: (H, W, 2) x / z, y / z of a lens that is not a pinhole; see `Lens.rays`.

    Returns:
        (H, W, 3) float32 points_optical, NaN where there is no depth or no ray.
    """
    depth = _check_depth(depth_m, intrinsics)
    ray_x, ray_y = _rays(intrinsics) if rays is None else _distorted_rays(rays, depth.shape)
    z = _mask_depth(_depth_mask(depth, 0.0, np.inf, ray_x), depth)
    points = np.empty((*z.shape, 3), np.float32)
    cv2.merge([ray_x * z, ray_y * z, z], points)
    return points


def organised_cloud(
    depth_m: NDArray[Any],
    intrinsics: Intrinsics,
    rgb: NDArray[np.uint8] | None = None,
    labels: NDArray[np.uint8] | None = None,
    normals: Float32Array | None = None,
    *,
    stride: int = 1,
    min_range_m: float = 0.0,
    max_range_m: float = np.inf,
    keep: NDArray[np.bool_] | None = None,
    mask: NDArray[np.bool_] | None = None,
    rays: Float32Array | None = None,
    out: Cloud | None = None,
) -> Cloud:
    """One point per (strided) pixel, in image order.

    Convention: optical frame (x right, y down, z forward), metres; ranges are along z. A pixel
    without usable depth keeps its colour, label and normal, and has NaN for x, y and z.

    Args:
        depth_m: (H, W) floating metres; NaN, zero, negative and infinite mean "no depth".
        intrinsics: of the (H, W) image, before the stride.
        rgb: (H, W, 3) uint8; black when not given.
        labels: (H, W) uint8 class ids; 255 (unlabelled) when not given.
        normals: (H, W, 3) float32 unit vectors facing the camera; NaN when not given.
        stride: keep pixels 0, n, 2n, ... of both axes.
        min_range_m: nearer points become NaN.
        max_range_m: farther points become NaN.
        keep: (256,) bool, by class id; points of the other classes become NaN. None keeps all.
        mask: (H, W) bool, see `cloud_cleaning`; points of the other pixels become NaN.
        rays: (H, W, 2) x / z, y / z of a lens that is not a pinhole, before the stride; see
            `Lens.rays`. A pixel without a ray has no point.
        out: an earlier result of the same size to write into, instead of a new array.

    Returns:
        (ceil(H / stride), ceil(W / stride)) structured array, CLOUD_DTYPE, C-contiguous.

    Raises:
        ValueError: sizes or types that do not fit together; the message names them.
    """
    given = (("rgb", rgb, (3,), "u"), ("labels", labels, (), "u"), ("normals", normals, (3,), "f"))
    for name, array, channels, kind in given:
        if array is not None:
            _require(name, array, (*np.shape(depth_m), *channels), kind)
    if mask is not None and (mask.shape != np.shape(depth_m) or mask.dtype != np.bool_):
        raise ValueError(f"mask must be {np.shape(depth_m)} bool, got {mask.shape} {mask.dtype}")
    picked = (slice(None, None, stride), slice(None, None, stride))
    kept = intrinsics.strided(stride)  # refuses a stride below 1
    depth = np.ascontiguousarray(_check_depth(depth_m, intrinsics)[picked])
    ray_x, ray_y = _rays(kept) if rays is None else _distorted_rays(rays[picked], depth.shape)
    ids = None if labels is None else np.ascontiguousarray(labels[picked])
    usable = _depth_mask(depth, min_range_m, max_range_m, ray_x)
    if keep is not None:
        usable = cv2.bitwise_and(usable, _class_mask(ids, keep, depth.shape))
    if mask is not None:
        usable = cv2.bitwise_and(usable, np.ascontiguousarray(mask[picked]).view(np.uint8))
    z = _mask_depth(usable, depth)
    cloud = _buffer(out, z.shape)
    planes: list[NDArray[Any]] = [
        ray_x * z,
        ray_y * z,
        z,
        _pack_rgb(z.shape, None if rgb is None else rgb[picked]),
        _label_plane(z.shape, ids),
        # merge copies multi-channel sources as they are: no need to split the normals
        np.full((*z.shape, 3), np.nan, np.float32)
        if normals is None
        else np.ascontiguousarray(normals[picked], np.float32),
    ]
    # One interleaving pass over the output; writing the fields one by one takes eight.
    cv2.merge(planes, cloud.view(np.float32).reshape(*z.shape, 8))
    return cloud


def unpack_rgb(cloud: Cloud) -> NDArray[np.uint8]:
    """Colours of a cloud of any shape (...): (..., 3) uint8 RGB."""
    packed = np.ascontiguousarray(cloud["rgb"]).view(np.uint32)
    return np.stack([packed >> 16, packed >> 8, packed], axis=-1).astype(np.uint8)


@lru_cache(maxsize=16)
def _rays(intrinsics: Intrinsics) -> tuple[Float32Array, Float32Array]:
    """x / z per column (1, W) and y / z per row (H, 1)."""
    ray_x = ((np.arange(intrinsics.width) - intrinsics.cx) / intrinsics.fx).astype(np.float32)
    ray_y = ((np.arange(intrinsics.height) - intrinsics.cy) / intrinsics.fy).astype(np.float32)
    ray_x.flags.writeable = ray_y.flags.writeable = False  # shared by every later call
    return ray_x[None, :], ray_y[:, None]


def _distorted_rays(
    rays: Float32Array, shape: tuple[int, ...]
) -> tuple[Float32Array, Float32Array]:
    """x / z and y / z of each pixel, (H, W) each."""
    if rays.shape != (*shape, 2):
        raise ValueError(f"rays are {rays.shape} for a depth of {shape}; scale the lens alike")
    return np.ascontiguousarray(rays[..., 0]), np.ascontiguousarray(rays[..., 1])


def _check_depth(depth_m: NDArray[Any], intrinsics: Intrinsics) -> Float32Array:
    if not np.issubdtype(depth_m.dtype, np.floating):
        raise ValueError(f"depth_m must be floating metres, got {depth_m.dtype}; divide mm by 1000")
    if depth_m.shape != (intrinsics.height, intrinsics.width):
        raise ValueError(
            f"depth is {depth_m.shape} but the intrinsics are for "
            f"({intrinsics.height}, {intrinsics.width}); use Intrinsics.scaled_to"
        )
    return np.ascontiguousarray(depth_m, np.float32)


def _depth_mask(
    depth: Float32Array, min_range_m: float, max_range_m: float, ray_x: Float32Array
) -> Bytes:
    """(H, W), not 0 where a depth is in the range and has a ray."""
    limits = np.finfo(np.float32)  # turns zero, negative and infinite into "outside the range"
    low, high = max(min_range_m, float(limits.tiny)), min(max_range_m, float(limits.max))
    usable = cv2.inRange(depth, (low,), (high,))
    if ray_x.shape == depth.shape:  # not a pinhole; NaN is not equal to itself
        usable = cv2.bitwise_and(usable, cv2.compare(ray_x, ray_x, cv2.CMP_EQ))
    return np.asarray(usable, np.uint8)


def _class_mask(labels: Bytes | None, keep: NDArray[np.bool_], shape: tuple[int, ...]) -> Bytes:
    """(H, W), not 0 where the class is kept; no labels means that all pixels are unlabelled."""
    if keep.shape != (256,) or keep.dtype != np.bool_:
        raise ValueError(f"keep must be (256,) bool, by class id, got {keep.shape} {keep.dtype}")
    table = keep.view(np.uint8) * np.uint8(255)
    if labels is None:
        return np.full(shape, table[UNLABELLED], np.uint8)
    return np.asarray(cv2.LUT(labels, table), np.uint8)


def _mask_depth(usable: Bytes, depth: Float32Array) -> Float32Array:
    """The depth itself where all of it is usable, else a copy with NaN for the rest."""
    if cv2.countNonZero(usable) == usable.size:
        return depth
    z = np.full(depth.shape, np.nan, np.float32)
    cv2.copyTo(depth, usable, z)
    return z


def _pack_rgb(shape: tuple[int, ...], rgb: NDArray[np.uint8] | None) -> Float32Array:
    if rgb is None:
        return np.zeros(shape, np.float32)
    bgra = np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGRA))
    packed = bgra.view("<u4").reshape(shape)
    packed &= 0x00FFFFFF
    return packed.view(np.float32)


def _label_plane(shape: tuple[int, ...], labels: Bytes | None) -> Float32Array:
    """Class ids as uint32 bits under a float32 type, the type the other planes have."""
    if labels is None:
        return np.full(shape, UNLABELLED, np.uint32).view(np.float32)
    return labels.astype(np.uint32).view(np.float32)


def _buffer(out: Cloud | None, shape: tuple[int, ...]) -> Cloud:
    if out is None:
        return np.empty(shape, CLOUD_DTYPE)
    if out.shape != shape or out.dtype != CLOUD_DTYPE or not out.flags.c_contiguous:
        raise ValueError(
            f"out must be a C-contiguous {shape} array of CLOUD_DTYPE, got {out.shape} {out.dtype}"
        )
    return out


def _require(name: str, array: NDArray[Any], shape: tuple[int, ...], kind: str) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} is {array.shape} but the depth needs {shape}; resize one of them")
    if array.dtype.kind != kind or (kind == "u" and array.dtype.itemsize != 1):
        wanted = "uint8" if kind == "u" else "floating"
        raise ValueError(f"{name} must be {wanted}, got {array.dtype}")
