# SPDX-License-Identifier: Apache-2.0
"""Scales that take no measuring: as the model says, by the focal length, or a number."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, TypeAlias

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.depth.depth_scale import DepthScale

ToldSource: TypeAlias = Literal["model", "focal", "fixed"]
WITHOUT_A_CAMERA = "the camera's focal length is not known"


def model_scale() -> DepthScale:
    """Depth as the model says it."""
    return DepthScale(1.0, "model")


def fixed_scale(factor: float) -> DepthScale:
    """A factor the user measured.

    Raises:
        ValueError: not a positive number.
    """
    if not (math.isfinite(factor) and factor > 0):
        raise ValueError(f"the depth scale must be a positive number, got {factor}")
    return DepthScale(factor, "fixed")


def focal_scale(intrinsics: Intrinsics, focal_ratio: float) -> float:
    """Returns the factor for this camera: its fx / width by that of the training.

    A network that sees every image at one size can't tell a narrow view from a near one. Its depth
    is right up to the ratio of the focal lengths in image widths. The whole picture is squeezed
    into the network's input, so neither the picture's size nor the input's, square or not, plays a
    part; a crop does, and its intrinsics say so.

    The width stands for both axes, as in the training. With square pixels, fy / height differs from
    it by the picture's shape alone, which the squeezing hides from the network: on a picture that
    is wider than the training's (16:9 against 4:3), things look as near as this number says by
    their width, and a quarter nearer by their height. No factor is right for both.

    Args:
        intrinsics: of the image as the network sees it, upright (see `mounting`).
        focal_ratio: fx / width of the camera the depth head was trained with.

    Raises:
        ValueError: a focal ratio that is not a positive number.
    """
    if not (math.isfinite(focal_ratio) and focal_ratio > 0):
        raise ValueError(f"focal_ratio must be a positive number, got {focal_ratio}")
    return intrinsics.fx / intrinsics.width / focal_ratio


def focal_depth_scale(intrinsics: Intrinsics, focal_ratio: float) -> DepthScale:
    """Scale by the focal length of the upright image; see `focal_scale`."""
    return DepthScale(focal_scale(intrinsics, focal_ratio), "focal")


class ScaleChoice(NamedTuple):
    """A source that takes no measuring, and the factor where the user gives one."""

    source: ToldSource = "focal"
    factor: float = 1.0  # of `fixed`

    @classmethod
    def parse(cls, text: str) -> ScaleChoice:
        """`model`, `focal`, or a factor such as `1.25`.

        Raises:
            ValueError: none of these.
        """
        if text in ("model", "focal"):
            return cls("focal" if text == "focal" else "model")
        try:
            factor = float(text)
        except ValueError:
            raise ValueError(f"{text!r} must be model, focal or a number") from None
        return cls("fixed", fixed_scale(factor).factor)

    def scale(self, upright: Intrinsics | None, focal_ratio: float) -> DepthScale:
        """The scale of an image.

        Args:
            upright: of the image as the network sees it; None where no camera is known, and then
                `focal` is `model`, and says so.
            focal_ratio: fx / width of the camera the depth head was trained with.

        Raises:
            ValueError: a factor that is not a positive number.
        """
        if self.source == "fixed":
            return fixed_scale(self.factor)
        if self.source == "model":
            return model_scale()
        if upright is None:
            return model_scale().with_note(WITHOUT_A_CAMERA)
        return focal_depth_scale(upright, focal_ratio)
