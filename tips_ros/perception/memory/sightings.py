# SPDX-License-Identifier: Apache-2.0
"""The followed things of a key frame, as sightings in the memory's frame."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.memory.sighting import Sighting
from tips_ros.perception.objects.objects import ObjectsView, SeenObject
from tips_ros.perception.objects.track import Place
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.regions.oriented_box import OrientedBox
from tips_ros.perception.regions.regions import Region

_DEPTH_ERROR = 0.05  # of depth, where nobody tells its deviation
_SCALE_ERROR = 0.02  # of depth, of a whole frame, which no pixel's deviation tells
_BORDER_PX = 3
_NOISE_FILLS = 3.0  # deviations of depth, from the nearest point of a box to the farthest
_LEAST_LEFT = 0.4
_CUT = 0.5  # how much less a view is worth that the picture's border cuts


def sightings(
    view: ObjectsView, frame: PosedFrame, max_range_m: float, camera: str = ""
) -> list[Sighting]:
    """Sightings of a frame that enter a memory: with ids and places, in the trusted range.

    Args:
        view: the things of the frame.
        frame: the same frame, with its pose in the memory's frame.
        max_range_m: depth beyond which none enters.
        camera: its name.
    """
    assert frame.world_from_camera is not None
    return [
        one
        for seen in view.objects
        if (one := _sighting(seen, frame, max_range_m, camera)) is not None
    ]


def _sighting(
    seen: SeenObject, frame: PosedFrame, max_range_m: float, camera: str
) -> Sighting | None:
    shown, region = seen.shown, seen.shown.region
    if region.centroid_m is None or region.box is None or shown.covariance_m2 is None:
        return None
    if shown.points_m is None:
        return None
    depth_m = region.median_depth_m
    if depth_m is None or not 0 < depth_m <= max_range_m:
        return None
    assert frame.world_from_camera is not None
    sigma_m = _radial_sigma(frame, region, depth_m)
    ray = region.centroid_m / region.centroid_m[2]
    scale = (_SCALE_ERROR * depth_m) ** 2
    here = Place(region.centroid_m, shown.covariance_m2 + scale * np.outer(ray, ray))
    there = here.in_world(frame.world_from_camera, frame.world_id)
    turn, at = frame.world_from_camera[:3, :3], frame.world_from_camera[:3, 3]
    height, width = frame.size
    x, y, w, h = region.box_px
    cut = (
        min(x, y) < _BORDER_PX or x + w > width - _BORDER_PX or y + h > height - _BORDER_PX
    )
    share = region.pixels / (height * width)
    sure = 1.0 if math.isnan(region.score) else region.score
    return Sighting(
        name=seen.class_name,
        place_m=there.position_m,
        covariance_m2=there.covariance_m2,
        box=_without_noise(region.box, ray, sigma_m).in_frame(frame.world_from_camera),
        points_m=shown.points_m @ turn.T + at,
        depth_m=depth_m,
        ray=turn @ ray,
        sigma_m=sigma_m,
        feature=shown.feature,
        score=region.score,
        quality=share * sure * (_CUT if cut else 1.0),
        stamp_ns=frame.stamp_ns,
        track=(camera, seen.id),
        class_id=shown.class_id,
    )


def _radial_sigma(frame: PosedFrame, region: Region, depth_m: float) -> float:
    """Deviation of a pixel's depth, along the camera's axis."""
    if frame.stddev_m is None:
        return _DEPTH_ERROR * depth_m
    told = frame.stddev_m[region.box_px.slices]
    told = told[np.isfinite(told) & (told > 0)]
    return float(np.median(told)) if told.size else _DEPTH_ERROR * depth_m


def _without_noise(box: OrientedBox, ray: NDArray[np.float64], sigma_m: float) -> OrientedBox:
    """The box that a thing has which, with the noise of its depth, fills this one."""
    noise = _NOISE_FILLS * sigma_m * np.abs(box.rotation.T @ ray)
    size = np.sqrt(np.maximum(box.size_m**2 - noise**2, (_LEAST_LEFT * box.size_m) ** 2))
    return OrientedBox(box.centre_m, box.rotation, size)
