# SPDX-License-Identifier: Apache-2.0
"""An image in; depth, its deviation, normals and labels out: one pass, only the heads asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.tips import DenseMaps, HeadName, Tips
from tips_ros.perception.camera.mounting import (
    MountingRotation,
    rotate_back,
    rotate_normals_back,
    rotate_upright,
)
from tips_ros.perception.depth.depth_scale import DepthScale, deviation_in_metres, to_metres
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.deviation.cues import Focal
from tips_ros.perception.deviation.predicted import stddev_at
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.graphs.frame_graphs import FrameGraphs
from tips_ros.perception.graphs.frame_work import FramePlan, FrameWork
from tips_ros.perception.host_transfer import HostTransfer
from tips_ros.perception.normals import normals_at
from tips_ros.perception.packed_frame import PackedFrame
from tips_ros.perception.preprocess import check_image, check_input_size, network_input
from tips_ros.perception.resizing import depth_at
from tips_ros.perception.semantic.label_space import LabelSpace, model_label_space
from tips_ros.perception.semantic.segmenter import Segmenter

Output = Literal["depth", "normals", "semantic", "stddev"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
HEAD_OF: dict[Output, HeadName] = {
    "depth": "depth",
    "normals": "normals",
    "semantic": "segmentation",
    "stddev": "depth",
}
# Backends whose model can be recorded, with everything around it, as one CUDA graph.
PLAYED_BACKENDS = ("graphs",)


class Prediction(NamedTuple):
    """Arrays predicted for one image, all at one size (H, W); None for what was not asked for."""

    depth_m: NDArray[np.float32] | None = None  # (H, W) metres along z
    normals: NDArray[np.float32] | None = None  # (H, W, 3) unit, optical frame, facing the camera
    labels: NDArray[np.uint8] | None = None  # (H, W) published class ids, 255 unlabelled
    confidence: NDArray[np.uint8] | None = None  # (H, W) margin over the second class, 0 to 255
    stddev_m: NDArray[np.float32] | None = None  # (H, W) metres, the deviation of depth_m

    def to_metres(self, scale: DepthScale, max_m: float) -> Prediction:
        """The same with its depth and the deviation in metres, see `depth_scale`.

        Args:
            scale: what brings the network's depth to metres.
            max_m: the end of its range: `max_depth_m` of its description.

        Raises:
            ValueError: a scale that is not usable.
        """
        if self.depth_m is None:
            return self
        depth_m, stddev_m = to_metres(self.depth_m, scale, max_m), self.stddev_m
        if stddev_m is not None:
            stddev_m = deviation_in_metres(stddev_m, depth_m, scale)
        return self._replace(depth_m=depth_m, stddev_m=stddev_m)


class ImageRequest(NamedTuple):
    """An image, and what is wanted of it."""

    rgb: NDArray[np.uint8]  # (H, W, 3)
    outputs: Collection[Output] = ()  # of depth, its deviation and normals what is wanted
    scale: float = 1.0  # size of the outputs as a fraction of the image's, above 0 up to 1
    # By which pixels will be labelled: words need value features, the model's own classes its head.
    label_spaces: Collection[LabelSpace] = ()
    mounting: MountingRotation = 0  # how the camera is mounted: what turns its picture upright
    features: bool = False  # whether value features are wanted themselves
    maps: bool = False  # whether the heads' maps are, at the heads' size

    def heads(self) -> set[HeadName]:
        """Returns the heads that run for it beside the backbone."""
        heads = {HEAD_OF[output] for output in self.outputs if output != "semantic"}
        if any(label_space.words is None for label_space in self.label_spaces):
            heads.add("segmentation")
        return heads

    @property
    def evidence(self) -> bool:
        """Whether it is wanted how sure depth is."""
        return "stddev" in self.outputs

    @property
    def value_features(self) -> bool:
        """Whether value features are needed."""
        return self.features or any(one.words is not None for one in self.label_spaces)


class Predictor:
    """A model on a device, ready for images of any size.

    What leaves it is in the camera's own orientation and optical frame, however it is mounted.

    Attributes:
        outputs: what this model can be asked for without words.
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
        # Else each step of a frame is asked for by itself.
        played = backend in PLAYED_BACKENDS and self.device.type == "cuda"
        self._graphs = FrameGraphs(self._frame_work, self.device) if played else None

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

        Raises:
            ValueError: see `predict`.
        """
        for view in views:
            if not 0.0 < view.scale <= 1.0:
                raise ValueError(f"scale {view.scale} must be above 0 and at most 1")
        pictures = [rotate_upright(v.rgb, v.mounting) if v.mounting else v.rgb for v in views]
        if (played := self._play(views, pictures)) is not None:
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

    def _play(
        self, views: Sequence[ImageRequest], pictures: Sequence[NDArray[np.uint8]]
    ) -> list[EncodedImage] | None:
        """Plays a recording of the whole batch; None where there can't be one."""
        able = set(self.model.head_names)
        if self._graphs is None or any(view.maps or view.heads() - able for view in views):
            return None
        for picture in pictures:
            check_image(picture)
        plans = tuple(
            FramePlan(
                (picture.shape[0], picture.shape[1]),
                scaled_size(picture.shape[0], picture.shape[1], view.scale),
                frozenset(view.heads()),
                view.evidence,
                view.value_features,
            )
            for view, picture in zip(views, pictures, strict=True)
        )
        if (found := self._graphs.play(plans, pictures)) is None:
            return None
        frames, work = found
        passed = self._transfer.record_event()
        return [
            EncodedImage(
                picture,
                plan.size,
                frame["image"],
                DenseMaps(),
                work.features_in(frame),
                view.mounting,
                passed,
                frame,
            )
            for view, picture, plan, frame in zip(views, pictures, plans, frames, strict=True)
        ]

    def _frame_work(self, plans: Sequence[FramePlan]) -> FrameWork:
        return FrameWork(self.model, self.description, self.input_size, self.dtype, plans)

    @torch.inference_mode()
    def decode(self, encoded: EncodedImage, label_space: LabelSpace | None = None) -> Prediction:
        """Decodes one encoded image to arrays at the outputs' size.

        Args:
            encoded: one image.
            label_space: the classes of the labels, one of those it was encoded for; None for
                no labels.

        Raises:
            ValueError: it was not encoded for this label space.
        """
        if encoded.packed is not None:
            prediction = self._unpack(encoded, encoded.packed, label_space)
            return _rotate_back(prediction, encoded.mounting) if encoded.mounting else prediction

        def made() -> tuple[Tensor | None, ...]:
            depth_map, normals_map = encoded.maps.depth, encoded.maps.normals
            depth = None if depth_map is None else depth_at(depth_map, encoded.size)
            normals = None if normals_map is None else normals_at(normals_map, encoded.size)
            stddev = None if encoded.maps.depth_evidence is None else self._stddev(encoded)
            if label_space is None:
                return depth, normals, None, None, stddev
            return depth, normals, *self._segmenter.label_map(encoded, label_space), stddev

        prediction = Prediction(*self._transfer.to_host(encoded, made))
        return _rotate_back(prediction, encoded.mounting) if encoded.mounting else prediction

    def _unpack(
        self, encoded: EncodedImage, packed: PackedFrame, label_space: LabelSpace | None
    ) -> Prediction:
        """Fetches all arrays of a played frame at once; its labels become published ids before."""

        def made() -> tuple[Tensor | None, ...]:
            block = packed.for_host[None] if packed.for_host.numel() else None
            if label_space is None:
                return block, None, None
            labels, confidence = self._segmenter.label_map(encoded, label_space)
            # The head's confidence is in the block.
            return block, labels, None if label_space.words is None else confidence

        block, labels, confidence = self._transfer.to_host(encoded, made)
        arrays = {} if block is None else packed.on_host(block)
        if label_space is not None and label_space.words is None:
            confidence = arrays["confidence"]
        return Prediction(
            arrays.get("depth_m"),
            arrays.get("normals"),
            labels,
            confidence,
            arrays.get("stddev_m"),
        )

    @torch.inference_mode()
    def labels(
        self, encoded: EncodedImage, label_space: LabelSpace
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        """Labels and confidence alone, as `prediction` has them; errors as there."""
        labels, confidence = self._transfer.to_host(
            encoded, lambda: self._segmenter.label_map(encoded, label_space)
        )
        assert labels is not None
        sure = None if confidence is None else rotate_back(confidence, encoded.mounting)
        return rotate_back(labels, encoded.mounting), sure

    @torch.inference_mode()
    def similarities(self, encoded: EncodedImage, label_space: LabelSpace) -> NDArray[np.float32]:
        """(K, h, w) cosines of patches with classes, then background, of a label space by words."""
        (cosines,) = self._transfer.to_host(
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
        (values,) = self._transfer.to_host(encoded, lambda: [features.float()])
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

    def _stddev(self, encoded: EncodedImage) -> Tensor:
        return stddev_at(
            encoded.maps, self.description.deviation, self.focal_of(encoded), encoded.size
        )


def _rotate_back(upright_one: Prediction, mounting: MountingRotation) -> Prediction:
    """The same in the orientation that the camera has."""
    depth_m, normals, labels, confidence, stddev_m = upright_one
    return Prediction(
        None if depth_m is None else rotate_back(depth_m, mounting),
        None if normals is None else rotate_normals_back(normals, mounting),
        None if labels is None else rotate_back(labels, mounting),
        None if confidence is None else rotate_back(confidence, mounting),
        None if stddev_m is None else rotate_back(stddev_m, mounting),
    )


def scaled_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """(H, W) of the outputs for an image of this size; never below one pixel."""
    return max(1, round(height * scale)), max(1, round(width * scale))
