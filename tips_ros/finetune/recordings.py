# SPDX-License-Identifier: Apache-2.0
"""Bags that are learnt from, opened, looked at and split."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tips_ros.bags import BagError
from tips_ros.evaluation.sample import Dataset
from tips_ros.finetune.card import BagFacts
from tips_ros.finetune.frames import (
    LEAST_FRAMES,
    ChosenFrames,
    JoinedFrames,
    Split,
    judge_registration,
    split_frames,
    thin_out,
)
from tips_ros.offline.evaluation_data import BagOptions, open_data
from tips_ros.offline.fleet.manifest import sha256
from tips_ros.offline.truth.bag_truth import BagTruth
from tips_ros.perception.depth.registration import Registration


class Recordings(NamedTuple):
    """Frames of all bags, by what they are for."""

    learn: Dataset
    watch: Dataset
    held_out: Dataset
    bags: list[BagFacts]


def open_recordings(
    bags: Sequence[Path],
    held_out: Sequence[Path],
    options: BagOptions,
    *,
    held_out_share: float,
    most: int,
    stack: ExitStack,
) -> Recordings:
    """Opens all bags and decides which frames are for what.

    Args:
        bags: to learn from.
        held_out: bags to measure with; without any, the end of each of the others.
        options: their topics.
        held_out_share: of each bag to learn from, kept apart where `held_out` is empty.
        most: frames to learn from, of all bags together.
        stack: closes the bags.

    Raises:
        BagError: no bag, no measured depth, no CameraInfo, or too few frames.
        ValueError: two of the bags are one.
    """
    if len({path.resolve() for path in (*bags, *held_out)}) < len(bags) + len(held_out):
        raise ValueError("a bag is named twice: what is learnt from can't measure")
    opened = [(path, _open(path, options, stack)) for path in (*bags, *held_out)]
    splits = [
        split_frames(len(dataset), 0.0 if held_out else held_out_share)
        if path in bags
        else Split([], [], list(range(len(dataset))))
        for path, dataset in opened
    ]
    splits = _thin(splits, most)
    count = sum(len(split.learn) for split in splits)
    if count < LEAST_FRAMES:
        raise BagError(
            f"{count} frames to learn from are too few: at least {LEAST_FRAMES} with measured "
            "depth are needed, besides those that are watched and kept apart; record more"
        )
    learn: list[Dataset] = []
    watch: list[Dataset] = []
    apart: list[Dataset] = []
    facts: list[BagFacts] = []
    for (path, dataset), split in zip(opened, splits, strict=True):
        verdict = judge_registration(dataset)
        parts = [ChosenFrames(dataset, numbers, verdict) for numbers in split]
        for kind, part in zip((learn, watch, apart), parts, strict=True):
            if len(part):
                kind.append(part)
        topics = f"{dataset.image_topic}, {', '.join(dataset.truth_topics)}"
        counts = (len(split.learn), len(split.watch), len(split.held_out))
        facts.append(BagFacts(str(path), sha256(path), topics, *counts, _describe(verdict)))
    if not apart:
        raise ValueError("no frame is kept apart to measure with: raise --held-out-share")
    return Recordings(JoinedFrames(learn), JoinedFrames(watch), JoinedFrames(apart), facts)


def _open(path: Path, options: BagOptions, stack: ExitStack) -> BagTruth:
    dataset = stack.enter_context(open_data(path, "bag", options)).dataset
    assert isinstance(dataset, BagTruth)
    if "depth" not in dataset.truth_kinds:
        raise BagError(
            f"{path} has no measured depth; name its topic with --depth-topic, or record one"
        )
    if next(iter(dataset)).intrinsics is None:
        raise BagError(
            f"{path} has no CameraInfo that fits {dataset.image_topic}: metres can't be learnt "
            "without the focal length; name it with --camera-info-topic"
        )
    return dataset


def _thin(splits: list[Split], most: int) -> list[Split]:
    """Each bag's share of what may be learnt from, evenly spread over it."""
    total = sum(len(split.learn) for split in splits)
    if total <= most:
        return splits
    return [
        split._replace(learn=thin_out(split.learn, max(2, most * len(split.learn) // total)))
        if split.learn
        else split
        for split in splits
    ]


def _describe(verdict: Registration) -> str:
    if verdict.registered is None:
        return f"can't be told ({verdict.note}); taken as it is"
    if verdict.registered:
        return "yes"
    return (
        f"no; laid onto it by a zoom of {verdict.zoom:.3f} and a shift of "
        f"{100 * verdict.shift[0]:+.1f} and {100 * verdict.shift[1]:+.1f} % of the width"
    )
