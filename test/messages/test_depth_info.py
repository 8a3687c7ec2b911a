# SPDX-License-Identifier: Apache-2.0
"""A scale is told when it is news, and diagnostics have it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from std_msgs.msg import Header

from tips_ros.messages.depth_info import DepthScaleStatus, depth_info_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.variants import VitConfig
from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.deviation.model import DeviationModel
from tips_ros.perception.temporal.stream import Held

MODEL = ModelDescription(
    "m", "B", (56, 56), ade20k(), VitConfig(64, 4, 4, "mlp", 256), bins=DepthBins(0.1, 10.0)
)
SENSOR = DepthScale(1.5, "sensor", 0.25, 0.04, 200, 140)


def live(scale: DepthScale = SENSOR, wanted: str = "sensor") -> DepthScaleStatus:
    return DepthScaleStatus.of(scale, wanted, MODEL)  # type: ignore[arg-type]


def test_a_measured_scale_is_told_as_it_is():
    message = depth_info_message(RCLPY_TYPES, Header(frame_id="camera"), live())
    assert message.header.frame_id == "camera"
    assert (message.source, message.wanted) == ("sensor", "sensor")
    assert (message.scale, message.offset_m) == (1.5, 0.25)
    assert message.spread == pytest.approx(0.04)
    assert (message.samples, message.inliers) == (200, 140)
    assert message.metric and message.consistent and message.note == ""
    assert message.min_range_m == pytest.approx(0.4)
    assert message.max_range_m == pytest.approx(15.25 * 0.98)


def test_what_was_not_measured_is_nan_and_the_models_word_is_not_metric():
    scale = DepthScale(1.0, "model", note="why")
    message = depth_info_message(RCLPY_TYPES, Header(), live(scale, "focal"))
    assert math.isnan(message.spread) and message.samples == 0
    assert not message.metric and message.consistent and message.note == "why"


def test_the_near_end_is_never_behind_the_camera():
    assert live(replace(SENSOR, offset_m=-1.0)).nearest_m == 0.0


@pytest.mark.parametrize(
    "changed",
    [
        {"factor": 1.52},
        {"offset_m": 0.6},
        {"source": "focal"},
        {"consistent": False},
        {"note": "only 7 points"},
    ],
)
def test_what_people_should_know_is_news(changed):
    assert live(replace(SENSOR, **changed)).differs_from(live())


@pytest.mark.parametrize(
    "changed", [{"factor": 1.51}, {"spread": 0.2, "samples": 7}, {"offset_m": 0.26}]
)
def test_a_number_that_trembles_is_no_news(changed):
    assert not live(replace(SENSOR, **changed)).differs_from(live())


def test_the_first_is_news_and_a_number_within_a_note_is_none():
    assert live().differs_from(None)
    one, two = (replace(SENSOR, note=f"only {n} points, 0.{n} s off") for n in (7, 12))
    assert not live(one).differs_from(live(two))


def test_doubt_is_what_the_wanted_source_lacks():
    assert live().doubt == ""
    assert live(SENSOR.with_doubt("old")).doubt == "old"
    focal = DepthScale(0.9, "focal", note="nothing came")
    assert live(focal).doubt == "nothing came"
    assert live(DepthScale(1.0, "model", note="no camera"), "focal").doubt == ""


def test_diagnostics_have_the_numbers_and_the_reason():
    facts = live(SENSOR.with_doubt("old")).facts()
    assert facts == {
        "depth scale": "1.5",
        "depth scale offset (m)": "0.250",
        "depth scale inverse offset (1/m)": "0.0000",
        "depth scale source": "sensor",
        "depth scale wanted": "sensor",
        "depth range min (m)": "0.40",
        "depth range max (m)": "14.95",
        "depth scale spread (%)": "4.0",
        "depth scale samples": "200",
        "depth scale inliers": "140",
        "depth scale note": "old",
        "depth deviation fitted on": "nothing: uncalibrated",
    }
    facts = live(DepthScale(0.9, "focal", note="nothing came")).facts()
    assert (facts["depth scale source"], facts["depth scale wanted"]) == ("focal", "sensor")
    assert facts["depth scale spread (%)"] == "", "a key that says nothing is there all the same"


def test_it_tells_whether_the_deviation_was_fitted_and_how_depth_is_held():
    fitted = replace(MODEL, deviation=DeviationModel({}, {}, "120 rooms"))
    held = Held("full", True, 0.98, "pose", 3, "pause")
    now = DepthScaleStatus.of(SENSOR, "sensor", fitted, held)
    message = depth_info_message(RCLPY_TYPES, Header(), now)
    assert message.stddev_calibrated and message.stddev_fitted_on == "120 rooms"
    assert (message.temporal_mode, message.temporal_scale) == ("full", 0.98)
    assert (message.temporal_resets, message.temporal_reset) == (3, "pause")
    bare = depth_info_message(RCLPY_TYPES, Header(), live())
    assert not bare.stddev_calibrated and bare.temporal_mode == "off"


def test_a_reset_is_news_and_the_trembling_of_a_held_scale_is_none():
    one, two, three = (
        DepthScaleStatus.of(SENSOR, "sensor", MODEL, held)
        for held in (Held("full"), Held("full", scale=1.05), Held("full", resets=1))
    )
    assert not two.differs_from(one) and three.differs_from(one)
