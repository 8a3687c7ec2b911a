# SPDX-License-Identifier: Apache-2.0
"""Which scale a user wants, as far as it takes no measuring."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.depth.depth_scale import (
    DepthScale,
    fixed_scale,
    focal_depth_scale,
    model_scale,
)

ToldSource: TypeAlias = Literal["model", "focal", "fixed"]

WITHOUT_A_CAMERA = "the camera's focal length is not known"


class ScaleChoice(NamedTuple):
    """A source, and the factor where the user tells one."""

    source: ToldSource = "focal"
    factor: float = 1.0  # of `fixed`

    @classmethod
    def typed(cls, text: str) -> ScaleChoice:
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
            return model_scale().noted(WITHOUT_A_CAMERA)
        return focal_depth_scale(upright, focal_ratio)
