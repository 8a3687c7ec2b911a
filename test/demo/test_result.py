# SPDX-License-Identifier: Apache-2.0
"""The numbers of a demonstration and what is printed of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tips_ros.demo.result import DemoResult, OutputCount, count_output, lines, most_complete_stamp
from tips_ros.replay.node_monitor import NodeReport
from tips_ros.replay.stamp_log import StampLog

VALUES = {
    "model": "demo",
    "trained": "False",
    "device": "cpu",
    "frames received": "8",
    "frames published": "3",
    "dropped, superseded": "4",
    "dropped, unreadable": "1",
}
RESULT = DemoResult(
    bag=Path("bags/kitchen"),
    recording=Path("out/demo.mcap"),
    image_topic="/camera/image_raw",
    live_image_topic="/camera/image_raw",
    camera_info_topic=None,
    frames_played=8,
    seconds=0.8,
    outputs=(
        OutputCount("depth/image", 3, 4.25, (0.1234, 0.2)),
        OutputCount("points", 0, None, None),
    ),
    report=NodeReport(0.0, False, "running", VALUES),
)


def log(*pairs: tuple[int, int]) -> StampLog:
    result = StampLog()
    for stamp, seen in pairs:
        result.add(stamp, seen)
    return result


def stamps(**topics: list[int]) -> dict[str, np.ndarray]:
    return {name: np.array(values, np.int64) for name, values in topics.items()}


def printed(result: DemoResult) -> str:
    return "\n".join(lines(result))


def test_the_rate_and_the_latency_are_those_of_the_messages():
    ms = 10**6
    published = log((1, 0), (2, 100 * ms), (3, 200 * ms))
    count = count_output("points", log((1, 50 * ms), (3, 300 * ms)), published)
    assert count.messages == 2
    assert count.rate_hz == pytest.approx(4.0)
    assert count.latency_s == pytest.approx((0.075, 0.0975))


def test_one_message_has_no_rate_and_none_has_no_latency():
    assert count_output("points", log((1, 5)), log((1, 0))).rate_hz is None
    assert count_output("points", log(), log((1, 0))) == OutputCount("points", 0, None, None)


def test_the_frame_to_show_is_the_complete_one_nearest_to_the_middle():
    played = np.arange(0, 100, 10)
    found = most_complete_stamp(stamps(depth=[0, 40, 50, 80], mask=[0, 50, 80]), played)
    assert found == 50


def test_a_complete_frame_at_the_edge_is_better_than_half_a_frame_in_the_middle():
    assert most_complete_stamp(stamps(depth=[0, 50], mask=[0]), np.arange(0, 100, 10)) == 0


def test_without_answers_there_is_no_frame_to_show():
    assert most_complete_stamp(stamps(depth=[], mask=[]), np.array([1, 2])) is None


def test_an_untrained_model_is_called_untrained():
    assert "UNTRAINED" in printed(RESULT)
    trained = NodeReport(0.0, False, "running", VALUES | {"trained": "True"})
    assert "UNTRAINED" not in printed(replace(RESULT, report=trained))


def test_every_frame_is_accounted_for_by_its_cause():
    assert "frames: 8 played, 3 answered, 4 superseded by a newer one, 1 unreadable" in printed(
        RESULT
    )
    lost = printed(replace(RESULT, frames_played=10))
    assert "2 gone before the node took them" in lost
    waiting = NodeReport(0.0, False, "running", VALUES | {"frames received": "9"})
    assert "1 not answered in time" in printed(replace(RESULT, report=waiting))


def test_drops_are_explained_only_where_there_are_some():
    assert "newest frame wins" in printed(RESULT)
    values = {k: v for k, v in VALUES.items() if "superseded" not in k}
    report = NodeReport(0.0, False, "running", values)
    assert "newest frame wins" not in printed(replace(RESULT, report=report))


def test_a_bag_without_camera_info_is_told_to_have_no_points():
    assert "none in this bag: no points" in printed(RESULT)


@pytest.mark.quick
def test_the_columns_of_the_table_are_aligned():
    table = [line for line in lines(RESULT) if line.startswith(("  output", "  depth", "  points"))]
    assert len(table) == 3 and len({len(line) for line in table}) == 1
    assert "123 ms" in table[1] and "200 ms" in table[1] and "4.2" in table[1]


def test_what_the_node_complained_about_is_repeated():
    assert "node: no image" in printed(replace(RESULT, complaints=("no image",)))


def test_a_model_that_knows_little_is_told_with_the_line_that_gets_another():
    told = printed(replace(RESULT, caution="demo model: knows rendered rooms only"))
    assert "demo model: knows rendered rooms only\n" in told
    assert "tips_ros download tipsv2-b14 (1.1 GB), then --model tipsv2-b14" in told
    assert "tips_ros download" not in printed(RESULT)
