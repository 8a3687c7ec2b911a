# SPDX-License-Identifier: Apache-2.0
"""An image in; depth, its deviation, normals and labels out: one pass, only the heads asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.tips import Tips
from tips_ros.perception.camera.mounting import MountingRotation, rotate_back, rotate_upright
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.deviation.cues import Focal
from tips_ros.perception.deviation.predicted import stddev_at
from tips_ros.perception.device_room import DeviceRoom
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.graphs.frame_work import FrameWork
from tips_ros.perception.graphs.played_frames import PlayedFrames, unpack
from tips_ros.perception.host_transfer import HostTransfer
from tips_ros.perception.image_request import HEAD_OF, OUTPUTS, ImageRequest, Output, scaled_size
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.preprocess import check_input_size, network_input
from tips_ros.perception.resizing import depth_at, normals_at
from tips_ros.perception.semantic.label_space import LabelSpace, model_label_space
from tips_ros.perception.semantic.segmenter import Segmenter

# Backends whose model can be recorded, with everything around it, as one CUDA graph.
PLAYED_BACKENDS = ("graphs",)

_SMALLER_PASS = (
    "lower input_height and input_width, take a smaller model or precision, or end what else "
    "uses its memory"
)
_SMALLER_ARRAYS = "lower output_scale, or end what else uses its memory"


class Predictor:
    """A model on a device, ready for images of any size.

    What leaves it is in the camera's own orientation and optical frame, however it is mounted.

    Attributes:
        outputs: what this model can be asked for without words.
        records: whether the first pass of each kind is recorded, see `prepare`.
    """

    def __init__(
        self,
        model: Tips,
        description: ModelDescription,
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        input_size: tuple[int, int] | None = None,
        precision: torch.dtype | None = None,
        backend: str = "torch",
        backend_note: str = "",
    ) -> None:
        """Moves the model to the device.

        Args:
            model: the network.
            description: its facts.
            device: where it is to run, as torch names it.
            dtype: of weights and activations; depth is reduced in fp32 whatever this is.
            input_size: (h, w) the network is to see, instead of the description's.
            precision: of the engine that computes in its place; `dtype` if None.
            backend: who computes the model.
            backend_note: why it is not computed as was asked for; empty where it is.

        Raises:
            ValueError: an input size that is not a positive multiple of the patch.
        """
        self.description = description
        self.device = torch.device(device)
        self.dtype = dtype
        self.precision = precision or dtype
        self.backend, self.backend_note = backend, backend_note
        self.input_size = input_size or description.input_size
        check_input_size(self.input_size, model.backbone.config.patch, description.input_size)
        self.model = model.to(self.device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.outputs: tuple[Output, ...] = tuple(
            output for output in OUTPUTS if HEAD_OF[output] in self.model.head_names
        )
        self._segmenter = Segmenter(self.model, self.input_size, self.device, dtype)
        self._transfer = HostTransfer(self.device)
        self._passes = DeviceRoom(self.device, _SMALLER_PASS)
        self._arrays = DeviceRoom(self.device, _SMALLER_ARRAYS)
        # Else each step of a frame is asked for by itself.
        self.records = backend in PLAYED_BACKENDS and self.device.type == "cuda"
        work_of = partial(FrameWork, self.model, description, self.input_size, dtype)
        self._played = (
            PlayedFrames(work_of, self.model.head_names, self.device) if self.records else None
        )

    def outputs_with(self, label_space: LabelSpace) -> tuple[Output, ...]:
        """Returns the outputs it has with these classes: words need no segmentation head."""
        if label_space.words is None or "semantic" in self.outputs:
            return self.outputs
        return (*self.outputs, "semantic")

    @cached_property
    def model_label_space(self) -> LabelSpace:
        """The classes of the model's own segmentation head."""
        return model_label_space(self.description.classes)

    def predict(
        self,
        rgb: NDArray[np.uint8],
        outputs: Collection[Output] | None = None,
        scale: float = 1.0,
        label_space: LabelSpace | None = None,
        mounting: MountingRotation = 0,
    ) -> Prediction:
        """Looks at one image, once.

        Args:
            rgb: (H, W, 3) uint8.
            outputs: what is wanted; all the model has by default, and labels where the label space
                is by words.
            scale: size of the outputs as a fraction of the image's, above 0 up to 1.
            label_space: the classes of the labels; the model's own by default.
            mounting: how the camera is mounted.

        Raises:
            ValueError: not an image, an output the model has no head for, or a bad scale.
        """
        chosen = label_space or self.model_label_space
        wanted = self.outputs_with(chosen) if outputs is None else outputs
        label_spaces = [chosen] if "semantic" in wanted else []
        encoded = self.encode(rgb, wanted, scale, label_spaces, mounting)
        return self.decode(encoded, *label_spaces)

    def encode(
        self,
        rgb: NDArray[np.uint8],
        outputs: Collection[Output] = (),
        scale: float = 1.0,
        label_spaces: Collection[LabelSpace] = (),
        mounting: MountingRotation = 0,
        features: bool = False,
        maps: bool = False,
    ) -> EncodedImage:
        """The pass alone, from which several answers can be made. Arguments: see `ImageRequest`.

        Raises:
            ValueError: see `predict`.
        """
        view = ImageRequest(rgb, outputs, scale, label_spaces, mounting, features, maps)
        return self.encode_batch([view])[0]

    @torch.inference_mode()
    def encode_batch(self, views: Sequence[ImageRequest]) -> list[EncodedImage]:
        """One pass for several images, of any sizes; each head sees those that want it.

        It is several passes while the device has no room for all at once.

        Raises:
            ValueError: see `predict`.
            DeviceOutOfMemory: it has no room for one of them.
        """
        for view in views:
            if not 0.0 < view.scale <= 1.0:
                raise ValueError(f"scale {view.scale} must be above 0 and at most 1")
        return self._passes.run(self._encode_at_once, views)

    def is_prepared(self, views: Sequence[ImageRequest]) -> bool:
        """Whether a pass of several images takes no longer the first time: nothing is recorded."""
        return self._played is None or self._played.is_prepared(views, _upright(views))

    @torch.inference_mode()
    def prepare(self, views: Sequence[ImageRequest]) -> None:
        """Does now what such a pass needs but once: on a GPU that takes seconds."""
        if self._played is not None:
            self._played.prepare(views, _upright(views))

    def _encode_at_once(self, views: Sequence[ImageRequest]) -> list[EncodedImage]:
        pictures = _upright(views)
        if self._played is not None:
            played = self._played.encode(views, pictures, self._transfer.record_event)
            if played is not None:
                return played
        inputs = [network_input(p, self.input_size, self.device, self.dtype) for p in pictures]
        looks = self.model.forward_batch(
            torch.cat(inputs) if len(inputs) > 1 else inputs[0],
            [view.heads() for view in views],
            value_features=any(view.value_features for view in views),
            evidence=any(view.evidence for view in views),
        )
        passed = self._transfer.record_event()
        return [
            EncodedImage(
                picture,
                scaled_size(picture.shape[0], picture.shape[1], view.scale),
                x,
                look.maps if view.evidence else look.maps._replace(depth_evidence=None),
                look.features,
                view.mounting,
                passed,
            )
            for view, picture, x, look in zip(views, pictures, inputs, looks, strict=True)
        ]

    @torch.inference_mode()
    def decode(self, encoded: EncodedImage, label_space: LabelSpace | None = None) -> Prediction:
        """Decodes one encoded image to arrays at the outputs' size.

        Args:
            encoded: one image.
            label_space: the classes of the labels, one of those it was encoded for; None for
                no labels.

        Raises:
            ValueError: it was not encoded for this label space.
            DeviceOutOfMemory: there is no room for its arrays.
        """

        def made() -> tuple[Tensor | None, ...]:
            depth_map, normals_map = encoded.maps.depth, encoded.maps.normals
            depth = None if depth_map is None else depth_at(depth_map, encoded.size)
            normals = None if normals_map is None else normals_at(normals_map, encoded.size)
            stddev = None if encoded.maps.depth_evidence is None else self._stddev(encoded)
            if label_space is None:
                return depth, normals, None, None, stddev
            return depth, normals, *self._segmenter.label_map(encoded, label_space), stddev

        if encoded.packed is None:
            upright = Prediction(*self._to_host(encoded, made))
        else:
            segmenter, fetch = self._segmenter, self._to_host
            upright = unpack(encoded, encoded.packed, label_space, segmenter, fetch)
        return upright.rotate_back(encoded.mounting) if encoded.mounting else upright

    @torch.inference_mode()
    def labels(
        self, encoded: EncodedImage, label_space: LabelSpace
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        """Labels and confidence alone, as `prediction` has them; errors as there."""
        labels, confidence = self._to_host(
            encoded, lambda: self._segmenter.label_map(encoded, label_space)
        )
        assert labels is not None
        sure = None if confidence is None else rotate_back(confidence, encoded.mounting)
        return rotate_back(labels, encoded.mounting), sure

    @torch.inference_mode()
    def similarities(self, encoded: EncodedImage, label_space: LabelSpace) -> NDArray[np.float32]:
        """(K, h, w) cosines of patches with classes, then background, of a label space by words."""
        (cosines,) = self._to_host(
            encoded, lambda: [self._segmenter.cosines(encoded, label_space)]
        )
        assert cosines is not None
        if encoded.mounting == 0:
            return cosines
        return np.stack([rotate_back(one, encoded.mounting) for one in cosines])

    def value_features(self, encoded: EncodedImage) -> NDArray[np.float32]:
        """(h, w, D) of an image's patches, in the camera's own orientation; of any length.

        Raises:
            ValueError: it was not seen with them.
        """
        features, grid = encoded.features.value_features, encoded.features.grid
        if features is None:
            raise ValueError("value features were not asked for; see the image with them")
        (values,) = self._to_host(encoded, lambda: [features.float()])
        assert values is not None
        by_place: NDArray[np.float32] = values.reshape(grid.h, grid.w, -1)
        if encoded.mounting == 0:
            return by_place
        return np.stack(
            [rotate_back(one, encoded.mounting) for one in by_place.transpose(2, 0, 1)], -1
        )

    def focal_of(self, encoded: EncodedImage) -> Focal:
        """The camera that the network takes for granted, for the cues of depth's deviation."""
        return Focal.of_picture(self.description.focal_ratio, encoded.rgb.shape[:2])

    def _to_host(
        self, encoded: EncodedImage, make: Callable[[], Sequence[Tensor | None]]
    ) -> list[NDArray[Any] | None]:
        return self._arrays.run_one(lambda: self._transfer.to_host(encoded, make))

    def _stddev(self, encoded: EncodedImage) -> Tensor:
        return stddev_at(
            encoded.maps, self.description.deviation, self.focal_of(encoded), encoded.size
        )


def _upright(views: Sequence[ImageRequest]) -> list[NDArray[np.uint8]]:
    """The pictures as the network sees them."""
    return [rotate_upright(v.rgb, v.mounting) if v.mounting else v.rgb for v in views]
