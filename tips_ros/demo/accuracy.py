# SPDX-License-Identifier: Apache-2.0
"""Accuracy of the recorded outputs, where the truth about the images is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tips_ros.advice import as_typed
from tips_ros.bags import BagError, BagReader
from tips_ros.demo.recorded_answers import ANSWERS, CLASSES
from tips_ros.evaluation.class_matching import match_classes
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.metrics.depth import DepthMetrics, DepthResult
from tips_ros.evaluation.metrics.normals import NormalMetrics, NormalResult
from tips_ros.evaluation.metrics.segmentation import SegmentationMetrics, SegmentationResult
from tips_ros.evaluation.truth_size import resize_map, same_proportions
from tips_ros.offline.stamped_messages import StampedMessages, stamp_index
from tips_ros.offline.truth.truth_decoding import DECODER_OF, decode_truth
from tips_ros.offline.truth.truth_topics import NAMESPACE, TOPIC_OF, Kind, find_truth


class Accuracy(NamedTuple):
    """The numbers; None for what was not answered, or has no truth.

    Attributes:
        truth: the bag that tells it.
        truths: images whose truth is known.
        frames: how many of them were answered.
        shared_stamps: stamps that several messages have, so that they can't be compared.
        class_names: the truth's, id → name.
    """

    truth: Path
    truths: int
    frames: int
    shared_stamps: int
    depth: DepthResult | None
    normals: NormalResult | None
    classes: SegmentationResult | None
    class_names: Mapping[int, str]


def truth_about(bag: Path, truth: Path | None = None) -> Path | None:
    """The bag with the truth about a bag's images: the one that is named, or the bag itself.

    Raises:
        BagError: a bag cannot be read; the named one has no truth; labels lack names.
    """
    with BagReader(truth or bag) as reader:
        is_there = any(name.startswith(f"{NAMESPACE}/") for name in reader.topics)
        if not is_there and truth is None:
            return None
        find_truth(reader)
        return reader.path


def measure(recording: Path, truth: Path) -> Accuracy:
    """Compares what the node answered with the truth of exactly its stamp, at the truth's size.

    Args:
        recording: of a session.
        truth: see `truth_about`.

    Raises:
        BagError: one of them cannot be read, or the truth is of another view than the answers.
        ValueError: the truth's classes have ids that can't be compared.
    """
    with BagReader(recording) as answers, BagReader(truth) as known:
        true_topic, class_names = find_truth(known)
        topic_of = {kind: _answer(kind) for kind in true_topic if _answer(kind) in answers.topics}
        match = match_classes(_class_names(answers), class_names)
        true_index = stamp_index(known, true_topic.values())
        answer_index = stamp_index(answers, topic_of.values())
        common = true_index.keys() & answer_index.keys()
        # Of two messages with one stamp nothing says which answer is to which image.
        stamps = [
            stamp
            for stamp in sorted(common)
            if max(*true_index[stamp].values(), *answer_index[stamp].values()) == 1
        ]
        truths = StampedMessages(known, true_index, stamps)
        said = StampedMessages(answers, answer_index, stamps)
        metrics: dict[Kind, Any] = {
            "depth": DepthMetrics(DepthProtocol()),
            "normals": NormalMetrics(),
            "labels": SegmentationMetrics(),
        }
        for stamp_ns in stamps:
            true, answered = truths.at(stamp_ns), said.at(stamp_ns)
            for kind, topic in topic_of.items():
                if topic not in answered or true_topic[kind] not in true:
                    continue
                expected = decode_truth(known, true[true_topic[kind]], DECODER_OF[kind])
                answer = decode_truth(answers, answered[topic], DECODER_OF[kind])
                if kind == "labels":
                    answer = match.truth_id[answer]
                if not same_proportions(expected.shape, answer.shape):
                    sizes = [f"{array.shape[1]}x{array.shape[0]}" for array in (expected, answer)]
                    raise BagError(
                        f"{truth}: {true_topic[kind]} is {sizes[0]}, but what was answered is "
                        f"{sizes[1]}; truth must be registered to the images"
                    )
                metrics[kind].add(resize_map(answer, expected.shape[:2]), expected)
        return Accuracy(
            truth=truth,
            truths=len(true_index),
            frames=len(stamps),
            shared_stamps=len(common) - len(stamps),
            depth=metrics["depth"].result(),
            normals=metrics["normals"].result(),
            classes=metrics["labels"].result(),
            class_names=class_names,
        )


def lines(accuracy: Accuracy) -> Iterator[str]:
    """The numbers for people."""
    name, frames = accuracy.truth.name, accuracy.frames
    if accuracy.shared_stamps:
        yield (
            f"  accuracy: {accuracy.shared_stamps} stamps are those of several frames, which are "
            f"not compared; `{as_typed('tips_ros eval')}` pairs them by when they were received"
        )
    if not frames and accuracy.shared_stamps:
        return
    if not frames:
        yield f"  accuracy: of the {accuracy.truths} frames that {name} knows none was answered"
        yield "    play the bag slower, with --rate, so that fewer frames are dropped"
        return
    yield f"  accuracy by {name}, on {frames} answers to the {accuracy.truths} frames it knows"
    if accuracy.depth is not None:
        errors = accuracy.depth.errors
        yield f"    depth    AbsRel {errors.abs_rel:.3f}, δ < 1.25 for {errors.delta1:.1%} of px"
    if accuracy.normals is not None:
        yield f"    normals  {accuracy.normals.mean_deg:.1f} deg off in the mean"
    if accuracy.classes is not None:
        iou = accuracy.classes.iou_of_class
        best, worst = (
            f"{accuracy.class_names.get(i, f'class {i}')} {iou[i]:.1%}"
            for i in (max(iou, key=iou.__getitem__), min(iou, key=iou.__getitem__))
        )
        mean = accuracy.classes.mean_iou
        yield f"    classes  mIoU {mean:.1%} over {len(iou)}; best {best}, worst {worst}"


def _answer(kind: Kind) -> str:
    """The node's topic that is named like the truth's."""
    return f"{ANSWERS}{TOPIC_OF[kind].removeprefix(NAMESPACE)}"


def _class_names(answers: BagReader) -> dict[int, str]:
    """Id → name of the node's classes; the demonstration does not change them on the way."""
    for message in answers.messages([CLASSES]) if CLASSES in answers.topics else ():
        classes = answers.deserialize(message)
        return dict(zip(map(int, classes.ids), classes.names, strict=True))
    return {}
