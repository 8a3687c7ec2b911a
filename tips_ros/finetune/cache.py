# SPDX-License-Identifier: Apache-2.0
"""The frozen image encoder's features of each frame, computed once and kept in a mapped file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.evaluation.sample import Dataset, Sample
from tips_ros.model.tips import Tips
from tips_ros.model.vit import LayerFeatures, PatchGrid
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.preprocess import network_input


class FrameBatch(NamedTuple):
    """Frames as the depth head reads them, with what was measured."""

    layers: list[LayerFeatures]
    depth: Tensor  # (B, h, w) as the head's map: metres of the training's camera; 0 is none


class EncodedFrames:
    """Features and measured depth of frames, each also mirrored.

    Features are kept in half precision, in a file that is mapped: memory does not grow with them.

    Attributes:
        views: how many there are: two for each frame that could be used.
    """

    def __init__(self, folder: Path, name: str, tips: Tips, size: tuple[int, int]) -> None:
        """
        Args:
            folder: where the file is kept; whoever made the folder removes it.
            name: of the file.
            tips: the model with its depth head, on the device that it is to run on.
            size: (h, w) in pixels that the network sees.
        """
        self._tips, self._size = tips, size
        patch, width = tips.backbone.config.patch, tips.backbone.config.width
        self.grid = PatchGrid(size[0] // patch, size[1] // patch)
        self._tokens = (len(tips.taps), 1 + self.grid.h * self.grid.w, width)
        self._file = folder / f"{name}.f16"
        self._features: NDArray[np.float16] = np.empty((0, *self._tokens), np.float16)
        self._depth: list[NDArray[np.float16]] = []
        self._map_size = self._size_of_map()
        self.views = 0

    @property
    def bytes_per_frame(self) -> int:
        """Room that one frame takes in the file, mirrored view included."""
        return 2 * 2 * int(np.prod(self._tokens))

    @torch.no_grad()
    def encode(
        self, dataset: Dataset, focal_ratio: float, progress: Callable[[], object] = lambda: None
    ) -> None:
        """Runs the encoder on each frame, and on its mirror image; once for a set of frames.

        Args:
            dataset: the frames; those without measured depth are left out.
            focal_ratio: fx / width of the camera that the depth head was trained with.
            progress: called after each frame.
        """
        self._features = np.memmap(
            self._file, np.float16, "w+", shape=(2 * len(dataset), *self._tokens)
        )
        device = next(self._tips.parameters()).device
        for sample in dataset:
            depth = self._target(sample, focal_ratio)
            if depth is not None:
                image = network_input(sample.rgb, self._size, device, torch.float32)
                for flipped in (False, True):
                    seen = image.flip(-1) if flipped else image
                    layers = self._tips.backbone(seen, self._tips.taps).layers
                    tokens = [torch.cat([x.cls_token[:, None], x.patch_tokens], 1) for x in layers]
                    self._features[self.views] = torch.cat(tokens).cpu().numpy()
                    self._depth.append(depth[:, ::-1] if flipped else depth)
                    self.views += 1
            progress()

    def batch(self, views: NDArray[np.int64], device: torch.device) -> FrameBatch:
        """Returns some views as tensors in fp32."""
        tokens = torch.from_numpy(np.asarray(self._features[np.sort(views)])).to(device).float()
        depth = np.stack([self._depth[view] for view in np.sort(views)]).astype(np.float32)
        layers = [
            LayerFeatures(tokens[:, i, 1:], tokens[:, i, 0], self.grid)
            for i in range(self._tokens[0])
        ]
        return FrameBatch(layers, torch.from_numpy(depth).to(device))

    @torch.no_grad()
    def _size_of_map(self) -> tuple[int, int]:
        """(h, w) of the head's map: 8 px a patch, more where the grid's sides are odd."""
        depth = self._tips.depth
        assert depth is not None
        nothing = torch.zeros(1, self._tokens[1], self._tokens[2], device=depth.head.weight.device)
        layer = LayerFeatures(nothing[:, 1:], nothing[:, 0], self.grid)
        height, width = depth.dpt.fuse([layer] * self._tokens[0]).shape[-2:]
        return int(height), int(width)

    def _target(self, sample: Sample, focal_ratio: float) -> NDArray[np.float16] | None:
        """Measured depth at the head's resolution; None for a frame that has none."""
        if sample.depth_m is None or sample.intrinsics is None:
            return None
        depth = np.nan_to_num(np.asarray(sample.depth_m, np.float32), posinf=0.0, neginf=0.0)
        depth /= np.float32(focal_scale(sample.intrinsics, focal_ratio))
        small = cv2.resize(depth, self._map_size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        return np.asarray(small, np.float16) if (small > 0).any() else None
