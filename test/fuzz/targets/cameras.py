# SPDX-License-Identifier: Apache-2.0
"""CameraInfo that no camera has: NaN, zero and negative intrinsics, endless distortion."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.output_camera import output_camera
from tips_ros.perception.camera.rectification import rectification

from ..mutations import ODD_FLOATS, ODD_NUMBERS
from ..target import Target, refusal

_HEIGHT, _WIDTH = 12, 16
_MODELS = st.sampled_from(
    ("plumb_bob", "rational_polynomial", "equidistant", "fisheye", "", "thin_prism", "none", "\x07")
)
_NUMBERS = st.one_of(st.sampled_from(ODD_FLOATS), st.floats(-50, 50), st.floats())
_COUNTS = st.one_of(st.integers(0, 40), st.sampled_from(ODD_NUMBERS))


@st.composite
def _infos(draw: Any) -> SimpleNamespace:
    """A CameraInfo that is right but for a few numbers."""
    k = [20.0, 0, 7.5, 0, 20.0, 5.5, 0, 0, 1.0]
    p = [20.0, 0, 7.5, 0, 0, 20.0, 5.5, 0, 0, 0, 1.0, 0]
    r = [1.0, 0, 0, 0, 1, 0, 0, 0, 1]
    for matrix in (k, p, r):
        for at in draw(st.lists(st.integers(0, len(matrix) - 1), max_size=2)):
            matrix[at] = draw(_NUMBERS)
        if draw(st.integers(0, 9)) == 0:
            matrix[:] = [0.0] * len(matrix)
    most = draw(st.sampled_from((0, 4, 5, 8, 12, 14, 14, 5000)))
    d = draw(st.lists(_NUMBERS, max_size=min(most, 20)))
    width, height = _WIDTH, _HEIGHT
    if draw(st.integers(0, 3)) == 0:
        width, height = draw(_COUNTS), draw(_COUNTS)
    region = [0, 0, 0, 0] if draw(st.booleans()) else [draw(_COUNTS) for _ in range(4)]
    return SimpleNamespace(
        width=width,
        height=height,
        distortion_model=draw(_MODELS),
        d=d * (250 if most == 5000 else 1),
        k=np.array(k),
        r=np.array(r),
        p=np.array(p),
        roi=SimpleNamespace(
            x_offset=region[0], y_offset=region[1], width=region[2], height=region[3]
        ),
        binning_x=draw(st.one_of(st.integers(0, 4), _COUNTS)),
        binning_y=draw(st.one_of(st.integers(0, 4), _COUNTS)),
    )


def check_camera(case: tuple[SimpleNamespace, bool]) -> None:
    """A camera whose every ray can be computed with, or a refusal."""
    info, rectified = case
    with refusal(UncalibratedCamera):
        camera = output_camera(info, (_HEIGHT, _WIDTH), (6, 8), rectified)
        k = camera.intrinsics
        assert (k.width, k.height) == (8, 6) and min(k.fx, k.fy) > 0
        rays = camera.rays
        assert rays is None or rays.shape == (6, 8, 2)
        numbers = (*camera.fields.k, *camera.fields.p, *camera.fields.r, *camera.fields.d)
        assert np.isfinite(numbers).all(), "what others are told is not finite"
    with refusal(UncalibratedCamera):
        found = rectification(info, (_HEIGHT, _WIDTH))
        picture = found.rectified(np.zeros((_HEIGHT, _WIDTH, 3), np.uint8))
        assert picture.shape == (_HEIGHT, _WIDTH, 3)
        assert np.isfinite(found.camera_at((6, 8)).fields.p).all()


TARGETS = (Target("camera info", st.tuples(_infos(), st.booleans()), check_camera),)
