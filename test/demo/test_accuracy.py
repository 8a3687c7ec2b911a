# SPDX-License-Identifier: Apache-2.0
"""The accuracy of a recording is that of the answers in it, by the truth of their stamps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tips_ros.bags import BagError, BagReader, BagWriter
from tips_ros.demo.accuracy import Accuracy, lines, measure, truth_about
from tips_ros.evaluation.sample import Sample
from tips_ros.messages.conversions import class_map_message, image_message
from tips_ros.offline.bag_types import bag_types
from tips_ros.offline.truth.truth_messages import TruthWriter
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.semantic.label_space import model_label_space

HEIGHT, WIDTH = 24, 32
SECOND = 10**9
TRUE_CLASSES = ClassList(("wall", "floor", "ball"), (0, 3, 119))
MODEL_CLASSES = ClassList(("Floor", "wall"), (40, 41))  # it has no ball, and ids of its own


def truth(shrink: int = 1) -> Sample:
    """A wall 2 m ahead and a floor that faces up; a quarter of the floor is a ball."""
    depth_m = np.full((HEIGHT, WIDTH), 2.0, np.float32)
    normals = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    normals[:12], normals[12:] = (0, 0, -1), (0, -1, 0)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[12:], labels[12:, 24:] = 3, 119
    parts = (part[::shrink, ::shrink] for part in (depth_m, normals, labels))
    return Sample("", np.zeros((HEIGHT, WIDTH, 3), np.uint8), *parts)


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """record(seconds, …): a recording with answers that are wrong by known amounts."""

    def write(
        seconds: Iterable[int] = (1, 2),
        outputs: Iterable[str] = ("depth", "normals", "semantic"),
        name: str = "demo",
    ) -> Path:
        leans = np.radians(10.0)
        normals = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        normals[:12] = 0, np.sin(leans), -np.cos(leans)
        normals[12:] = 0, -np.cos(leans), -np.sin(leans)
        labels = np.full((HEIGHT, WIDTH), 41, np.uint8)
        labels[12:, :24] = 40
        answers = {
            "depth": (np.full((HEIGHT, WIDTH), 2.2, np.float32), "32FC1"),
            "normals": (normals, "32FC3"),
            "semantic": (labels, "mono8"),
        }
        with BagWriter(tmp_path / name) as bag:
            types, header = bag_types(bag), header_maker(bag)
            bag.add_topic("/tips/semantic/classes", "tips_ros/msg/ClassMap", latched=True)
            classes = model_label_space(MODEL_CLASSES)
            message = class_map_message(types, header(SECOND), classes, "model", True)
            bag.write("/tips/semantic/classes", SECOND, message)
            for output in outputs:
                bag.add_topic(f"/tips/{output}/image", "sensor_msgs/msg/Image")
                for second in seconds:
                    stamp_ns = second * SECOND
                    message = image_message(types, header(stamp_ns), *answers[output])
                    late_ns = stamp_ns + 70_000_000
                    bag.write(f"/tips/{output}/image", late_ns, message)
        return tmp_path / name

    return write


def header_maker(bag: BagWriter) -> Callable[[int], Any]:
    types = bag.typestore.types

    def header(stamp_ns: int) -> Any:
        stamp = types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, SECOND))
        return types["std_msgs/msg/Header"](stamp, "camera")

    return header


@pytest.fixture
def know(tmp_path: Path) -> Callable[..., Path]:
    """know(seconds, shrink): the bag with the truth."""

    def write(seconds: Iterable[int] = (1, 2), shrink: int = 1) -> Path:
        with BagWriter(tmp_path / "truth") as bag:
            writer = TruthWriter(bag, "camera", TRUE_CLASSES)
            for second in seconds:
                writer.write(second * SECOND, truth(shrink))
        return tmp_path / "truth"

    return write


def printed(accuracy: Accuracy) -> str:
    return "\n".join(lines(accuracy))


@pytest.mark.parametrize("shrink", [1, 2, 4])
def test_the_errors_are_those_that_the_answers_have(record, know, shrink: int):
    accuracy = measure(record(), know(shrink=shrink))
    assert accuracy.depth.errors.abs_rel == pytest.approx(0.1, abs=1e-4)
    assert accuracy.depth.errors.delta1 == 1
    assert accuracy.normals.mean_deg == pytest.approx(10, abs=0.01)
    wall, floor, ball = 4 / 5, 1, 0  # the ball, a quarter of the wall's size, was called a wall
    assert accuracy.classes.iou_of_class == pytest.approx({0: wall, 3: floor, 119: ball})
    assert printed(accuracy).splitlines() == [
        "  accuracy by truth, on 2 answers to the 2 frames it knows",
        "    depth    AbsRel 0.100, δ < 1.25 for 100.0% of px",
        "    normals  10.0 deg off in the mean",
        "    classes  mIoU 60.0% over 3; best floor 100.0%, worst ball 0.0%",
    ]


def test_an_answer_counts_only_where_the_truth_has_exactly_its_stamp(record, know):
    accuracy = measure(record(seconds=(1, 2, 3, 4)), know(seconds=(2, 4, 6)))
    assert (accuracy.frames, accuracy.truths) == (2, 3)
    assert accuracy.depth.images == accuracy.normals.images == accuracy.classes.images == 2


def test_a_model_without_a_head_is_measured_by_the_others(record, know):
    accuracy = measure(record(outputs=["normals"]), know())
    assert (accuracy.depth, accuracy.classes) == (None, None)
    assert "normals  10.0 deg" in printed(accuracy)
    assert "depth" not in printed(accuracy) and "classes" not in printed(accuracy)


def test_where_no_frame_with_truth_was_answered_that_is_said(record, know):
    accuracy = measure(record(seconds=[1]), know(seconds=[2, 3]))
    first, hint = lines(accuracy)
    assert first == "  accuracy: of the 2 frames that truth knows none was answered"
    assert "--rate" in hint


def test_the_truth_is_in_the_bag_itself_or_in_the_one_that_is_named(record, know):
    bag, known = record(), know()
    assert truth_about(bag) is None
    assert truth_about(known) == known
    assert truth_about(bag, known) == known


def test_a_named_bag_without_truth_is_an_error(record):
    bag = record()
    with pytest.raises(BagError, match="has no truth"):
        truth_about(bag, bag)


def test_answers_to_images_that_share_a_stamp_are_not_compared_and_told(record, know):
    accuracy = measure(record(seconds=(0, 0, 0, 4)), know(seconds=(0, 0, 0, 4)))
    assert (accuracy.frames, accuracy.shared_stamps, accuracy.depth.images) == (1, 1, 1)
    assert "1 stamps are those of several frames, which are not compared" in printed(accuracy)
    again = Accuracy(accuracy.truth, 1, 0, 1, None, None, None, {})
    assert len(list(lines(again))) == 1, "not that nothing was answered"


def test_a_truth_of_another_view_is_refused(record, tmp_path: Path):
    with BagWriter(tmp_path / "truth") as bag:
        square = {n: getattr(truth(), n)[:, :HEIGHT] for n in ("depth_m", "normals", "labels")}
        TruthWriter(bag, "camera", TRUE_CLASSES).write(SECOND, truth()._replace(**square))
    with pytest.raises(BagError, match="is 24x24, but what was answered is 32x24; .*registered"):
        measure(record(), tmp_path / "truth")


def test_an_answer_that_cannot_be_read_is_named(record, know, monkeypatch: pytest.MonkeyPatch):
    bag, known = record(), know()
    whole = BagReader.deserialize

    def broken(reader: BagReader, message: Any) -> Any:
        read = whole(reader, message)
        if message.topic != "/tips/depth/image":
            return read
        fields = {name: getattr(read, name) for name in read.__dataclass_fields__}
        return SimpleNamespace(**fields | {"encoding": "smell8"})

    monkeypatch.setattr(BagReader, "deserialize", broken)
    with pytest.raises(BagError, match="/tips/depth/image at 1070000000 ns: .*smell8"):
        measure(bag, known)
