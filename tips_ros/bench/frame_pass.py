# SPDX-License-Identifier: Apache-2.0
"""One frame's way from the camera's message to the published ones, whole or stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tips_ros.bench.messages import calibration_message, camera_message, header, output_types
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.outputs import DEFAULT_TOPICS, OutputTopic, used_outputs, view_for
from tips_ros.model.tips import DenseMaps, HeadName
from tips_ros.perception.camera.output_camera import output_camera
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.image_request import HEAD_OF
from tips_ros.perception.images.decoder import decode_message
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.preprocess import network_input
from tips_ros.perception.semantic.label_space import LabelSpace

Lap = Callable[[str], None]
Publish = Callable[[OutputTopic, Any], None]

DECODE, PREPROCESS, BACKBONE, PUBLISH = "decode", "preprocess", "backbone", "publish"
HEAD, ARRAYS, MESSAGE = " head", " arrays", " message"  # how the names of other stages end


class FramePass:
    """One picture of each camera, and what is done with it over and over.

    Whole frames take the node's own way. In stages those of several cameras go through the network
    as one batch; through everything else they go one after the other.
    """

    def __init__(
        self,
        predictor: Predictor,
        pictures: Sequence[NDArray[np.uint8]],
        label_space: LabelSpace,
        publish: Publish | None = None,
    ) -> None:
        """Makes the cameras' messages.

        Args:
            predictor: the model.
            pictures: (H, W, 3) RGB, one of each camera, all of one size.
            label_space: the classes of the labels.
            publish: takes each message; None for no publishing.
        """
        self._predictor = predictor
        self._label_space = label_space
        self._publish = publish
        self._images = [camera_message(picture) for picture in pictures]
        height, width = pictures[0].shape[:2]
        self._size = height, width
        self._info = calibration_message(width, height)
        self._types = output_types()
        self._header = header(self._types)
        able = predictor.outputs_with(label_space)
        self._topics = [topic for topic in DEFAULT_TOPICS if topic.needs <= set(able)]
        used = used_outputs(self._topics, camera_known=True)
        self._outputs = [output for output in able if output in used]
        self._heads: list[HeadName] = [
            HEAD_OF[output]
            for output in self._outputs
            if output != "semantic" or label_space.words is None
        ]

    def run_whole(self) -> None:
        """Runs everything once, in the node's order."""
        pictures = [decode_message(message) for message in self._images]
        for rgb, prediction in zip(pictures, self._predictions(pictures), strict=True):
            self._send(rgb, prediction, _no_lap)

    def _predictions(self, pictures: Sequence[NDArray[np.uint8]]) -> Iterator[Prediction]:
        """The network's part of whole frames."""
        views = [
            view_for(self._topics, self._predictor, rgb, True, 1.0, self._label_space)
            for rgb in pictures
        ]
        wanted = [view for view in views if view is not None]
        encoded = iter(self._predictor.encode_batch(wanted) if wanted else ())
        for view in views:
            if view is None:
                yield Prediction()
            else:
                yield self._predictor.decode(next(encoded), *view.label_spaces)

    @torch.inference_mode()
    def run_stages(self, lap: Lap) -> None:
        """Runs the same stage by stage and calls `lap` with each one's name at its end."""
        model, predictor = self._predictor.model, self._predictor
        pictures = [decode_message(message) for message in self._images]
        lap(DECODE)
        inputs = [
            network_input(rgb, predictor.input_size, predictor.device, predictor.dtype)
            for rgb in pictures
        ]
        images = torch.cat(inputs) if len(inputs) > 1 else inputs[0]
        lap(PREPROCESS)
        by_words = self._label_space.words is not None
        features = model.backbone(images, model.taps if self._heads else (), by_words)
        lap(BACKBONE)
        maps = {}
        for name in self._heads:
            maps[name] = getattr(model, name)(features.layers)
            lap(name + HEAD)
        for i, rgb in enumerate(pictures):
            own = DenseMaps(**{name: of_all[i : i + 1] for name, of_all in maps.items()})
            encoded = EncodedImage(rgb, self._size, images[i : i + 1], own, features.of_image(i))
            self._send(rgb, self._arrays(encoded, lap), lap)

    def _arrays(self, encoded: EncodedImage, lap: Lap) -> Prediction:
        """Fetches the outputs from the device, one after the other."""
        made = Prediction()
        for output in self._outputs:
            if output == "semantic":
                labels, confidence = self._predictor.labels(encoded, self._label_space)
                made = made._replace(labels=labels, confidence=confidence)
            elif output == "depth":
                just = self._predictor.decode(
                    encoded._replace(maps=DenseMaps(depth=encoded.maps.depth))
                )
                made = made._replace(depth_m=just.depth_m)
            else:
                just = self._predictor.decode(
                    encoded._replace(maps=DenseMaps(normals=encoded.maps.normals))
                )
                made = made._replace(normals=just.normals)
            lap(output + ARRAYS)
        return made

    def _send(self, rgb: NDArray[np.uint8], prediction: Prediction, lap: Lap) -> None:
        camera = output_camera(self._info, self._size, self._size)
        frame = FrameResult(self._header, rgb, prediction, self._label_space, camera)
        for topic in self._topics:
            message = topic.make(self._types, frame)
            lap(topic.name + MESSAGE)
            if self._publish is not None:
                self._publish(topic, message)
                lap(PUBLISH)


def _no_lap(stage: str) -> None:
    """Nobody looks at the clock."""
