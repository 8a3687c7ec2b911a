# SPDX-License-Identifier: Apache-2.0
"""A pass that is played: requests → encoded images whose arrays lie in one block, and back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.tips import DenseMaps, HeadName
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.graphs.frame_graphs import KEPT, FrameGraphs, Plans
from tips_ros.perception.graphs.frame_work import FramePlan, FrameWork
from tips_ros.perception.image_request import ImageRequest, scaled_size
from tips_ros.perception.packed_frame import PackedFrame
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.preprocess import check_image
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.perception.semantic.segmenter import Segmenter

Fetch = Callable[
    [EncodedImage, Callable[[], Sequence[Tensor | None]]], Sequence[NDArray[Any] | None]
]


class PlayedFrames:
    """Encodes images by recordings of a model's work, see `FrameGraphs`."""

    def __init__(
        self,
        work_of: Callable[[Sequence[FramePlan]], FrameWork],
        heads: Collection[HeadName],
        device: torch.device,
        kept: int = KEPT,
    ) -> None:
        """Begins with no recording.

        Args:
            work_of: the plans of a batch → the model's work for it.
            heads: that the model has.
            device: a CUDA GPU, the model's.
            kept: recordings that are kept, the last used ones.
        """
        self._heads = set(heads)
        self._graphs = FrameGraphs(work_of, device, kept)

    def encode(
        self,
        requests: Sequence[ImageRequest],
        pictures: Sequence[NDArray[np.uint8]],
        record_event: Callable[[], torch.cuda.Event | None],
    ) -> list[EncodedImage] | None:
        """Plays a recording of the whole batch; None where there can't be one.

        Args:
            requests: the batch.
            pictures: theirs, upright.
            record_event: marks the end of the pass.

        Raises:
            ValueError: not an image.
        """
        if (plans := self._plans_of(requests, pictures)) is None:
            return None
        if (found := self._graphs.play(plans, pictures)) is None:
            return None
        frames, work = found
        passed = record_event()
        return [
            EncodedImage(
                picture,
                plan.size,
                frame["image"],
                DenseMaps(),
                work.features_in(frame),
                request.mounting,
                passed,
                frame,
            )
            for request, picture, plan, frame in zip(requests, pictures, plans, frames, strict=True)
        ]

    def is_prepared(
        self, requests: Sequence[ImageRequest], pictures: Sequence[NDArray[np.uint8]]
    ) -> bool:
        """Whether nothing has to be recorded for such a batch. Arguments as for `encode`."""
        plans = self._plans_of(requests, pictures)
        return plans is None or self._graphs.knows(plans)

    def prepare(
        self, requests: Sequence[ImageRequest], pictures: Sequence[NDArray[np.uint8]]
    ) -> None:
        """Records what has to be recorded for such a batch. Arguments as for `encode`."""
        if (plans := self._plans_of(requests, pictures)) is not None:
            self._graphs.prepare(plans, pictures)

    def _plans_of(
        self, requests: Sequence[ImageRequest], pictures: Sequence[NDArray[np.uint8]]
    ) -> Plans | None:
        """The plans of a batch that may be played; None of another."""
        if any(request.maps or request.heads() - self._heads for request in requests):
            return None
        for picture in pictures:
            check_image(picture)
        return tuple(map(_plan, requests, pictures))


def _plan(request: ImageRequest, picture: NDArray[np.uint8]) -> FramePlan:
    height, width = picture.shape[:2]
    return FramePlan(
        (height, width),
        scaled_size(height, width, request.scale),
        frozenset(request.heads()),
        request.evidence,
        request.value_features,
    )


def unpack(
    encoded: EncodedImage,
    packed: PackedFrame,
    label_space: LabelSpace | None,
    segmenter: Segmenter,
    fetch: Fetch,
) -> Prediction:
    """Fetches all arrays of a played frame at once; its labels become published ids before.

    Args:
        encoded: one image, upright.
        packed: its arrays.
        label_space: the classes of the labels; None for no labels.
        segmenter: makes the labels.
        fetch: brings what is made of an encoded image to the host.

    Raises:
        ValueError: it was not encoded for this label space.
    """

    def made() -> tuple[Tensor | None, ...]:
        block = packed.for_host[None] if packed.for_host.numel() else None
        if label_space is None:
            return block, None, None
        labels, confidence = segmenter.label_map(encoded, label_space)
        # The head's confidence is in the block.
        return block, labels, None if label_space.words is None else confidence

    block, labels, confidence = fetch(encoded, made)
    arrays = {} if block is None else packed.on_host(block)
    if label_space is not None and label_space.words is None:
        confidence = arrays["confidence"]
    depth_m, normals, stddev_m = (arrays.get(n) for n in ("depth_m", "normals", "stddev_m"))
    return Prediction(depth_m, normals, labels, confidence, stddev_m)
