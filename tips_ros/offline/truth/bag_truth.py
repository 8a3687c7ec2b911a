# SPDX-License-Identifier: Apache-2.0
"""A bag whose camera images have truth, in the same bag or in another one, as a dataset."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagError, BagReader, find_camera
from tips_ros.evaluation.datasets.files import validate
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import Sample
from tips_ros.offline.camera_poses import CameraPoses
from tips_ros.offline.numbered_messages import NumberedMessages
from tips_ros.offline.readable import first_readable
from tips_ros.offline.truth.truth_decoding import DECODER_OF, decode_truth
from tips_ros.offline.truth.truth_pairs import Stamped, collect_stamps, pair
from tips_ros.offline.truth.truth_topics import NAMESPACE, find_truth
from tips_ros.perception.camera.camera_info import Intrinsics, UncalibratedCamera
from tips_ros.perception.camera.output_camera import output_camera
from tips_ros.perception.images.decoder import ImageDecoder

logger = logging.getLogger(__name__)


class BagTruth:
    """The images of a bag's camera that have truth of exactly their stamp, in the order of stamps.

    Where stamps do not tell the images apart, the truth is that which was received with an image.

    Attributes:
        name: for people.
        class_names: id in the labels → name.
        depth_protocol: all depths count.
        image_topic: the camera's.
        truth_topics: what the images are compared with.
        truth_kinds: what these tell: depth, normals, labels.
        images: how many images it has; `len` says how many of them have truth.
    """

    def __init__(
        self,
        images: BagReader,
        truth: BagReader | None = None,
        *,
        image_topic: str | None = None,
        camera_info_topic: str | None = None,
        depth_topic: str | None = None,
        rectified: bool = False,
    ) -> None:
        """Find the topics and go through the stamps of both bags once.

        Args:
            images: an open bag; it stays open as long as the dataset is used.
            truth: the open bag with the truth, where that is another one.
            image_topic: the camera's, where the bag has several.
            camera_info_topic: its CameraInfo, where that is not found by its name.
            depth_topic: measured depth, registered to the images, instead of /ground_truth.
            rectified: the images are rectified: use P of CameraInfo, not K.

        Raises:
            BagError: no camera or no truth, or not one image with truth.
        """
        self._reader = images
        self._truth = truth or images
        self._rectified = rectified
        camera = find_camera(
            images,
            image_topic,
            camera_info_topic=camera_info_topic,
            ignore_namespace=NAMESPACE,
        )
        self.image_topic = camera.image
        self._topic_of, class_names = find_truth(self._truth, depth_topic)
        self.truth_topics = list(self._topic_of.values())
        self.truth_kinds = frozenset(self._topic_of)
        self.name = f"bag {images.path.name}"
        self.class_names: Mapping[int, str] = class_names
        self.depth_protocol = DepthProtocol()

        (image_stamps,) = collect_stamps(images, [camera.image]).values()
        truth_stamps = collect_stamps(self._truth, self._topic_of.values())
        self.images = len(image_stamps)
        self._pairs = pair(image_stamps, truth_stamps)
        if not self._pairs.found:
            raise BagError(self._no_truth_reason(image_stamps, truth_stamps))
        self._tell()
        self._info = first_readable(images, camera.camera_info)
        first = first_readable(images, camera.image)
        frame_id = "" if first is None else first.header.frame_id
        self._poses = [CameraPoses(bag, frame_id) for bag in dict.fromkeys((images, self._truth))]

    def __len__(self) -> int:
        return len(self._pairs.found)

    def __iter__(self) -> Iterator[Sample]:
        return self.frames(range(len(self)))

    def frames(self, numbers: Sequence[int]) -> Iterator[Sample]:
        """Reads some of them, by their numbers in the order of stamps; the others not at all."""
        pairs = [self._pairs.found[number] for number in numbers]
        begin_ns = self._time_ns(self._pairs.found[0][0])
        images = NumberedMessages(
            self._reader, {self.image_topic: [image.number for image, _ in pairs]}
        )
        truths = NumberedMessages(
            self._truth,
            {topic: [n[topic] for _, n in pairs if topic in n] for topic in self.truth_topics},
        )
        kinds = {topic: kind for kind, topic in self._topic_of.items()}
        all_names = list(self._names())
        names = [all_names[number] for number in numbers]
        decoder = ImageDecoder(self.image_topic)
        for (image, number_of), name in zip(pairs, names, strict=True):
            message = images.take(self.image_topic, image.number)
            rgb = decode_truth(self._reader, message, decoder.decode)
            known = {
                kinds[topic]: decode_truth(
                    self._truth, truths.take(topic, number), DECODER_OF[kinds[topic]]
                )
                for topic, number in number_of.items()
            }
            sample = Sample(
                name=name,
                rgb=rgb,
                depth_m=known.get("depth"),
                normals=known.get("normals"),
                labels=known.get("labels"),
                intrinsics=self._intrinsics(rgb),
                sequence=self._reader.path.name,
                stamp_s=(self._time_ns(image) - begin_ns) / 1e9,
                world_from_camera=self._pose(image.stamp_ns),
            )
            yield validate(sample, f"{self._truth.path} at {sample.name} s", any_size=True)

    def _names(self) -> Iterator[str]:
        """The stamps in seconds; of several with one stamp, with their number among them."""
        stamps = Counter(image.stamp_ns for image, _ in self._pairs.found)
        before: Counter[int] = Counter()
        for image, _ in self._pairs.found:
            stamp_ns = image.stamp_ns
            before[stamp_ns] += 1
            name = f"{stamp_ns // 10**9}.{stamp_ns % 10**9:09d}"
            yield f"{name}#{before[stamp_ns]}" if stamps[stamp_ns] > 1 else name

    def _time_ns(self, image: Stamped) -> int:
        """Time the image was taken, or received where stamps do not tell."""
        return image.received_ns if self._pairs.by_receipt else image.stamp_ns

    def _intrinsics(self, rgb: NDArray[np.uint8]) -> Intrinsics | None:
        if self._info is None:
            return None
        size = (rgb.shape[0], rgb.shape[1])
        try:
            return output_camera(self._info, size, size, self._rectified).intrinsics
        except UncalibratedCamera as error:
            logger.warning("%s: %s", self._reader.path, error)
            self._info = None  # said once
            return None

    def _pose(self, stamp_ns: int) -> NDArray[np.float64] | None:
        poses = (source.at(stamp_ns) for source in self._poses)
        return next((pose for pose in poses if pose is not None), None)

    def _tell(self) -> None:
        """Says what was assumed."""
        pairs = self._pairs
        if not pairs.by_receipt:
            return
        why = "headers have no stamp" if pairs.unstamped else "headers share their stamp"
        logger.warning(
            "%s: %d of %d images are paired with their truth by when they were received, up to "
            "%.1f ms apart, because %s",
            *(self._reader.path, pairs.by_receipt, self.images, pairs.apart_ms, why),
        )

    def _no_truth_reason(
        self, images: Sequence[Stamped], truths: Mapping[str, Sequence[Stamped]]
    ) -> str:
        path, other = self._truth.path, self._reader.path
        if self._pairs.unstamped:
            return (
                f"{path}: headers have no stamp, and no truth was received near an image of "
                f"{other}: record both at once, with stamps"
            )
        image_ns = np.unique([one.stamp_ns for one in images])
        truth_ns = np.unique([one.stamp_ns for of_topic in truths.values() for one in of_topic])
        nearest_ms = min(np.abs(truth_ns - stamp_ns).min() for stamp_ns in image_ns) / 1e6
        return (
            f"{path}: no truth has the stamp of an image of {other}; the nearest is "
            f"{nearest_ms:.1f} ms away: record both with the same stamp"
        )
