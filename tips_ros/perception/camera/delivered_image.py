# SPDX-License-Identifier: Apache-2.0
"""The part of the sensor that an image shows: a CameraInfo's region of interest and binning.

REP 104: width, height, K, P and the region are of the full, unbinned sensor; the image is the
region, binned. Drivers also give the region or the size in binned pixels, or the region's size for
the sensor's, round a row up or down, or leave fields at zero. The image's own size, and then K, say
which of these readings is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import CameraInfoLike, UncalibratedCamera

_ROUNDED_BY = 1.0  # pixels by which a side may differ from what was computed
_ROUNDED_BINNED_BY = 4.0  # exclusive: binned sides are also rounded to multiples of 2 and 4


class DeliveredImage(NamedTuple):
    """The image a driver delivers, as a part of the full, unbinned sensor."""

    sensor: tuple[int, int]  # (width, height), unbinned pixels
    offset: tuple[int, int]  # (x, y) of the image's first pixel on the sensor, unbinned pixels
    binning: tuple[int, int]  # (x, y) sensor pixels in one of the image
    size: tuple[int, int]  # (width, height) of the image

    @property
    def from_sensor(self) -> NDArray[np.float64]:
        """(3, 3) map from pixels of the full sensor to pixels of the image.

        Combining b x b pixels into one puts the new centre between the old ones:
        ``c' = (c - offset + 0.5) / b - 0.5``. (``image_geometry`` divides without the half pixel,
        which is a shift of half a pixel at b = 2.)
        """
        crop = np.eye(3)
        crop[:2, 2] = -self.offset[0], -self.offset[1]
        return resize_map(1 / self.binning[0], 1 / self.binning[1]) @ crop


def delivered_images(
    info: CameraInfoLike, image_size: tuple[int, int] | None = None
) -> list[DeliveredImage]:
    """The images that a CameraInfo may describe; the one that REP 104 describes comes first.

    Args:
        info: a CameraInfo message of rclpy or rosbags, or a calibration file.
        image_size: (H, W) of the image it came with: those of this size, rounding forgiven; None:
            the one of REP 104 alone.

    Raises:
        UncalibratedCamera: an empty image, or one of another size.
    """
    binning = max(int(info.binning_x), 1), max(int(info.binning_y), 1)
    found: list[DeliveredImage] = []
    windows = _windows(info, binning, image_size)
    for sensor, (x, y, width, height) in windows if image_size else islice(windows, 1):
        window = width / binning[0], height / binning[1]
        size = int(window[0]), int(window[1])
        if image_size is not None and _fits(image_size, window, binning):
            size = image_size[1], image_size[0]
        reading = DeliveredImage(sensor, (x, y), binning, size)
        if min(size) >= 1 and reading not in found:
            found.append(reading)
    if not found:
        raise UncalibratedCamera(
            f"CameraInfo describes an empty image ({info.width}x{info.height}, region "
            f"{info.roi.width}x{info.roi.height}, binning {binning[0]}x{binning[1]}); "
            "set width and height in the camera's calibration",
            "size",
        )
    if image_size is None:
        return found
    fitting = [reading for reading in found if reading.size == image_size[::-1]]
    if not fitting:
        width, height = found[0].size
        raise UncalibratedCamera(
            f"CameraInfo is for {width}x{height} images, but they are "
            f"{image_size[1]}x{image_size[0]}; publish the one that belongs to them",
            "size",
        )
    return fitting


def resize_map(sx: float, sy: float) -> NDArray[np.float64]:
    """The 3x3 map of pixel coordinates under a resize, with pixel centres at integers."""
    return np.array([[sx, 0.0, 0.5 * sx - 0.5], [0.0, sy, 0.5 * sy - 0.5], [0.0, 0.0, 1.0]])


def _fits(
    image_size: tuple[int, int], window: tuple[float, float], binning: tuple[int, int]
) -> bool:
    """Whether an image of (H, W) can be this window, (width, height) in binned pixels."""
    for side, exact, b in zip(image_size[::-1], window, binning, strict=True):
        missed = abs(side - exact)
        if missed > _ROUNDED_BY and (b == 1 or missed >= _ROUNDED_BINNED_BY):
            return False
    return True


def _windows(
    info: CameraInfoLike, binning: tuple[int, int], image_size: tuple[int, int] | None
) -> Iterator[tuple[tuple[int, int], tuple[int, int, int, int]]]:
    """Each way to read the fields: the sensor's size and x, y, width, height on it, unbinned."""
    bx, by = binning
    roi = info.roi
    region = (int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height))
    binned_region = (region[0] * bx, region[1] * by, region[2] * bx, region[3] * by)
    width, height = int(info.width), int(info.height)
    if not (width or height or region[2] or region[3]) and image_size is not None:
        # Nothing is said of the size, so it is this image's.
        sensor = image_size[1] * bx, image_size[0] * by
        yield sensor, (0, 0, *sensor)
    for sensor in ((width, height), (width * bx, height * by)):
        for x, y, w, h in (region, binned_region):
            # All zeros is the message's way to say "the full image", and binning 0 means 1.
            w, h = w or sensor[0] - x, h or sensor[1] - y
            if x + w <= sensor[0] + bx and y + h <= sensor[1] + by:
                yield sensor, (x, y, w, h)
        if not (region[2] and region[3]):  # an offset alone
            yield sensor, (0, 0, *sensor)
    x, y, w, h = region
    if w and h and (x + w > width + bx or y + h > height + by):
        # The size is the region's, or not said: K is of a sensor on which it lies in the middle …
        yield (2 * x + w, 2 * y + h), region
        # … or of the region itself.
        yield (w, h), (0, 0, w, h)
