# SPDX-License-Identifier: Apache-2.0
"""A bag whose camera images have truth, in the same bag or in another one, as a dataset."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagError, BagReader, find_camera
from tips_ros.evaluation.datasets.files import checked
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import Sample
from tips_ros.offline.camera_poses import CameraPoses
from tips_ros.offline.stamped_messages import StampedMessages, stamp_index
from tips_ros.offline.truth_decoding import DECODER_OF, decoded
from tips_ros.offline.truth_topics import NAMESPACE, find_truth
from tips_ros.perception.camera.camera_info import Intrinsics, UncalibratedCamera
from tips_ros.perception.camera.seen_camera import seen_camera
from tips_ros.perception.images.decoder import ImageDecoder

logger = logging.getLogger(__name__)


class BagTruth:
    """The images of a bag's camera that have truth of exactly their stamp, in the order of stamps.

    Attributes:
        name: for people.
        class_names: id in the labels → name.
        depth_protocol: all depths count.
        image_topic: the camera's.
        truth_topics: what the images are compared with.
        images: how many images it has; `len` says how many of them have truth.
    """

    def __init__(
        self,
        images: BagReader,
        truth: BagReader | None = None,
        *,
        image_topic: str | None = None,
        depth_topic: str | None = None,
        rectified: bool = False,
    ) -> None:
        """Find the topics and go through the stamps of both bags once.

        Args:
            images: an open bag; it stays open as long as the dataset is used.
            truth: the open bag with the truth, where that is another one.
            image_topic: the camera's, where the bag has several.
            depth_topic: measured depth, registered to the images, instead of /ground_truth.
            rectified: the images are rectified: use P of CameraInfo, not K.

        Raises:
            BagError: no camera or no truth, or not one image with truth of its stamp.
        """
        self._reader = images
        self._truth = truth or images
        self._rectified = rectified
        camera = find_camera(images, image_topic, ignore_namespace=NAMESPACE)
        self.image_topic = camera.image
        self._topic_of, class_names = find_truth(self._truth, depth_topic)
        self.truth_topics = list(self._topic_of.values())
        self.name = f"bag {images.path.name}"
        self.class_names: Mapping[int, str] = class_names
        self.depth_protocol = DepthProtocol()

        self._image_index = stamp_index(images, [camera.image])
        self._truth_index = stamp_index(self._truth, self._topic_of.values())
        self.images = len(self._image_index)
        self._stamps = sorted(self._image_index.keys() & self._truth_index.keys())
        if not self._stamps:
            raise BagError(
                f"{self._truth.path}: no truth has the stamp of an image of {images.path}; "
                f"the nearest is {self._nearest_ms():.1f} ms away: record both with the same stamp"
            )
        self._info = _first(images, camera.camera_info)
        frame_id = _first(images, camera.image).header.frame_id
        self._poses = [CameraPoses(bag, frame_id) for bag in dict.fromkeys((images, self._truth))]

    def __len__(self) -> int:
        return len(self._stamps)

    def __iter__(self) -> Iterator[Sample]:
        images = StampedMessages(self._reader, self._image_index, self._stamps)
        truths = StampedMessages(self._truth, self._truth_index, self._stamps)
        decoder = ImageDecoder(self.image_topic)
        for stamp_ns in self._stamps:
            rgb = decoded(self._reader, images.at(stamp_ns)[self.image_topic], decoder.decode)
            messages = truths.at(stamp_ns)
            known = {
                kind: decoded(self._truth, messages[topic], DECODER_OF[kind])
                for kind, topic in self._topic_of.items()
                if topic in messages
            }
            sample = Sample(
                name=f"{stamp_ns // 10**9}.{stamp_ns % 10**9:09d}",
                rgb=rgb,
                depth_m=known.get("depth"),
                normals=known.get("normals"),
                labels=known.get("labels"),
                intrinsics=self._intrinsics(rgb),
                sequence=self._reader.path.name,
                stamp_s=(stamp_ns - self._stamps[0]) / 1e9,
                world_from_camera=self._pose(stamp_ns),
            )
            yield checked(sample, f"{self._truth.path} at {sample.name} s", any_size=True)

    def _intrinsics(self, rgb: NDArray[np.uint8]) -> Intrinsics | None:
        if self._info is None:
            return None
        size = (rgb.shape[0], rgb.shape[1])
        try:
            return seen_camera(self._info, size, size, self._rectified).intrinsics
        except UncalibratedCamera as error:
            logger.warning("%s: %s", self._reader.path, error)
            self._info = None  # said once
            return None

    def _pose(self, stamp_ns: int) -> NDArray[np.float64] | None:
        poses = (source.at(stamp_ns) for source in self._poses)
        return next((pose for pose in poses if pose is not None), None)

    def _nearest_ms(self) -> float:
        images = np.array(sorted(self._image_index))
        truths = np.array(sorted(self._truth_index))
        return float(min(np.abs(truths - stamp).min() for stamp in images)) / 1e6


def _first(reader: BagReader, topic: str | None) -> Any:
    """The topic's first message; None without a topic."""
    for message in reader.messages([topic]) if topic else ():
        return reader.deserialize(message)
    return None
