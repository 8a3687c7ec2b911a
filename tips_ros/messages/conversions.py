# SPDX-License-Identifier: Apache-2.0
"""Arrays → messages. The header given is used as it is: stamp and frame of the input image."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.messages.types import (
    CAMERA_INFO,
    CLASS_MAP,
    IMAGE,
    POINT_CLOUD,
    REGION,
    MessageFactory,
)
from tips_ros.perception.camera.camera_info import CameraInfoFields
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud
from tips_ros.perception.regions.regions import Region
from tips_ros.perception.semantic.label_space import LabelSpace

# Encoding → what an array of it looks like: type and channels.
_ENCODINGS: dict[str, tuple[type[np.generic], int]] = {
    "32FC1": (np.float32, 1),
    "32FC3": (np.float32, 3),
    "16UC1": (np.uint16, 1),
    "mono8": (np.uint8, 1),
    "rgb8": (np.uint8, 3),
}
# sensor_msgs/PointField datatypes of the cloud's fields.
_FLOAT32 = 7
_UINT32 = 6
_DATATYPES = {"<f4": _FLOAT32, ">f4": _FLOAT32, "<u4": _UINT32, ">u4": _UINT32}
_BIG_ENDIAN = sys.byteorder == "big"


def image_message(types: MessageFactory, header: Any, pixels: NDArray[Any], encoding: str) -> Any:
    """(H, W) or (H, W, C) → sensor_msgs/Image with unpadded rows.

    Raises:
        ValueError: the array is not what the encoding says.
    """
    dtype, channels = _ENCODINGS[encoding]
    found = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != dtype or found != channels:
        raise ValueError(f"{encoding} cannot hold {pixels.shape} {pixels.dtype}")
    height, width = pixels.shape[:2]
    fields = {
        "header": header,
        "height": height,
        "width": width,
        "encoding": encoding,
        "is_bigendian": int(_BIG_ENDIAN),
        "step": width * channels * pixels.itemsize,
    }
    message, data = types.with_data(IMAGE, pixels.nbytes, fields)
    np.copyto(data.view(dtype).reshape(pixels.shape), pixels)
    return message


def camera_info_message(types: MessageFactory, header: Any, fields: CameraInfoFields) -> Any:
    """Intrinsics of a published image → sensor_msgs/CameraInfo without ROI and binning."""
    region = types.message("sensor_msgs/msg/RegionOfInterest")
    return types.message(CAMERA_INFO)(
        header=header,
        height=fields.height,
        width=fields.width,
        distortion_model=fields.distortion_model,
        d=types.numbers(list(fields.d)),
        k=np.array(fields.k, np.float64),
        r=np.array(fields.r, np.float64),
        p=np.array(fields.p, np.float64),
        binning_x=0,
        binning_y=0,
        roi=region(x_offset=0, y_offset=0, height=0, width=0, do_rectify=False),
    )


def cloud_message(
    types: MessageFactory,
    header: Any,
    shape: tuple[int, int],
    fill: Callable[[Cloud], object],
) -> Any:
    """Organised PointCloud2 of (H, W) points; not dense, because NaN is inside.

    Args:
        types, header: of the message.
        shape: (H, W).
        fill: writes the points into the message's own memory, (H, W) of CLOUD_DTYPE.
    """
    height, width = shape
    fields = _cloud_fields(types, header, shape, is_dense=False)
    message, data = types.with_data(POINT_CLOUD, CLOUD_DTYPE.itemsize * height * width, fields)
    fill(data.view(CLOUD_DTYPE).reshape(shape))
    return message


def point_list_message(types: MessageFactory, header: Any, points: Cloud) -> Any:
    """Unorganised PointCloud2 of (N,) points, all of which have a place: dense, of height 1."""
    fields = _cloud_fields(types, header, (1, len(points)), is_dense=True)
    message, data = types.fresh_with_data(POINT_CLOUD, points.nbytes, fields)
    data.view(CLOUD_DTYPE)[:] = points
    return message


def _cloud_fields(
    types: MessageFactory, header: Any, shape: tuple[int, int], is_dense: bool
) -> dict[str, Any]:
    """All of a PointCloud2 but its data."""
    height, width = shape
    return {
        "header": header,
        "height": height,
        "width": width,
        "fields": [*_point_fields(types.message("sensor_msgs/msg/PointField"))],
        "is_bigendian": _BIG_ENDIAN,
        "point_step": CLOUD_DTYPE.itemsize,
        "row_step": CLOUD_DTYPE.itemsize * width,
        "is_dense": is_dense,
    }


@lru_cache(maxsize=4)
def _point_fields(point_field: Any) -> tuple[Any, ...]:
    """The same objects in each cloud: they never differ."""
    fields_of: Any = CLOUD_DTYPE.fields
    return tuple(
        point_field(name=name, offset=offset, datatype=_DATATYPES[dtype.str], count=1)
        for name, (dtype, offset, *_) in fields_of.items()
    )


def class_map_message(
    types: MessageFactory, header: Any, label_space: LabelSpace, model: str, trained: bool
) -> Any:
    """The classes in force from this header's frame on → tips_ros/ClassMap."""
    color = types.message("std_msgs/msg/ColorRGBA")
    classes = label_space.classes
    colors = classes.palette()[list(classes.ids)] / 255.0  # (classes, 3)
    return types.message(CLASS_MAP)(
        header=header,
        model=model,
        trained=trained,
        source=label_space.source,
        ids=types.integers(np.array(classes.ids, np.uint16)),
        names=list(classes.names),
        colors=[color(r=float(r), g=float(g), b=float(b), a=1.0) for r, g, b in colors],
    )


def region_message(types: MessageFactory, region: Region) -> Any:
    """One region of a class → tips_ros/Region, in the frame that the region is in; NaN for None."""
    roi = types.message("sensor_msgs/msg/RegionOfInterest")
    point, vector, quaternion, pose = (
        types.message(f"geometry_msgs/msg/{name}")
        for name in ("Point", "Vector3", "Quaternion", "Pose")
    )
    box, depth_m, nowhere = region.box, region.median_depth_m, [float("nan")] * 3
    x, y, z, w = [0.0, 0.0, 0.0, 1.0] if box is None else box.quaternion_xyzw.tolist()
    return types.message(REGION)(
        score=region.score,
        pixels=region.pixels,
        roi=roi(
            x_offset=region.box_px.x,
            y_offset=region.box_px.y,
            height=region.box_px.height,
            width=region.box_px.width,
            do_rectify=False,
        ),
        centroid=point(**_xyz(nowhere if region.centroid_m is None else region.centroid_m)),
        median_depth_m=float("nan") if depth_m is None else depth_m,
        box=pose(
            position=point(**_xyz(nowhere if box is None else box.centre_m)),
            orientation=quaternion(x=x, y=y, z=z, w=w),
        ),
        size=vector(**_xyz(nowhere if box is None else box.size_m)),
    )


def label_info_message(
    label_info: Any, vision_class: Any, header: Any, label_space: LabelSpace
) -> Any:
    """The same classes as vision_msgs/LabelInfo, as Nav2's semantic layer reads them."""
    return label_info(
        header=header,
        class_map=[
            vision_class(class_id=class_id, class_name=name)
            for class_id, name in label_space.classes.by_id().items()
        ],
        threshold=label_space.threshold,
    )


def _xyz(values: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    return {axis: float(value) for axis, value in zip("xyz", values, strict=True)}


def stamp_ns(header: Any) -> int:
    """The stamp of a std_msgs/Header in nanoseconds."""
    return int(header.stamp.sec) * 10**9 + int(header.stamp.nanosec)
