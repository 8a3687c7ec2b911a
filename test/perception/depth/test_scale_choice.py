# SPDX-License-Identifier: Apache-2.0
"""A user's word about the scale, and what comes of it with and without a camera."""

from __future__ import annotations

import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.depth.scale_choice import ScaleChoice

TELE = Intrinsics(1280.0, 1280.0, 319.5, 239.5, 640, 480)


def test_the_focal_length_is_taken_where_a_camera_is_known():
    scale = ScaleChoice().scale(TELE, 0.8)
    assert (scale.source, scale.factor, scale.note) == ("focal", pytest.approx(2.5), "")


def test_without_a_camera_the_depth_is_the_models_and_that_is_said():
    scale = ScaleChoice().scale(None, 0.8)
    assert (scale.source, scale.factor) == ("model", 1.0)
    assert "focal length is not known" in scale.note and scale.consistent


def test_the_models_own_depth_is_no_reason_for_a_note():
    scale = ScaleChoice("model").scale(TELE, 0.8)
    assert (scale.source, scale.factor, scale.note) == ("model", 1.0, "")


def test_a_number_is_a_factor_with_or_without_a_camera():
    for camera in (TELE, None):
        scale = ScaleChoice.parse("1.25").scale(camera, 0.8)
        assert (scale.source, scale.factor) == ("fixed", 1.25)


@pytest.mark.parametrize("text", ["model", "focal"])
def test_sources_are_typed_by_name(text: str):
    assert ScaleChoice.parse(text) == ScaleChoice(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["sensor", "", "1,5"])
def test_what_is_neither_a_source_nor_a_number_is_refused(text: str):
    with pytest.raises(ValueError, match="model, focal or a number"):
        ScaleChoice.parse(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf"])
def test_a_factor_must_be_positive(text: str):
    with pytest.raises(ValueError, match="positive number"):
        ScaleChoice.parse(text)
