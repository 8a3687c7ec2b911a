# SPDX-License-Identifier: Apache-2.0
"""The same model as Hugging Face transformers computes it, with the same weights."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.libraries import pip_install
from tips_ros.model.checkpoints.hub_layout import hub_tensors
from tips_ros.model.dpt import reassemble_channels
from tips_ros.model.tips import HEAD_NAMES, DenseMaps, Tips
from tips_ros.perception.preprocess import network_input

OLDEST = (5, 23)
_HOW = pip_install("transformers>=5.23")
_ACTIVATIONS = {"erf": "gelu", "tanh": "gelu_pytorch_tanh"}


class TransformersModel:
    """Tipsv2DptForDensePrediction on a device, and the steps before and after it."""

    def __init__(
        self, module: Any, device: torch.device, dtype: torch.dtype, input_size: tuple[int, int]
    ) -> None:
        self._module = module.to(device, dtype)
        self._forward: Callable[..., Any] = self._module
        self.device, self.dtype, self.input_size = device, dtype, input_size

    def compile(self, mode: str) -> None:
        """Has torch.compile rewrite it; the next run does the work, and may fail."""
        self._forward = torch.compile(self._module, mode=mode)

    @torch.inference_mode()
    def maps(self, images: Tensor) -> DenseMaps:
        """(B, 3, h, w) in [0, 1] → maps of the three heads at their own resolution."""
        out = self._forward(pixel_values=images)
        return DenseMaps(out.predicted_depth[:, None], out.normals, out.segmentation_logits)

    @torch.inference_mode()
    def arrays(self, rgb: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        """(H, W, 3) uint8 → depth, normals and labels at that size, on the host.

        The picture is made as small as for our own model. What follows is what its image
        processor's `post_process_…_estimation` and `post_process_semantic_segmentation` do; that
        class itself would need torchvision.
        """
        size = rgb.shape[0], rgb.shape[1]
        maps = self.maps(network_input(rgb, self.input_size, self.device, self.dtype))
        depth, normals, logits = maps.depth, maps.normals, maps.segmentation
        assert depth is not None and normals is not None and logits is not None
        normals = F.normalize(normals, dim=1)
        depth, normals, logits = (
            F.interpolate(found, size=size, mode="bilinear", align_corners=False)
            for found in (depth, normals, logits)
        )
        labels = logits.argmax(dim=1)
        return tuple(found[0].cpu().float().numpy() for found in (depth, normals)) + (
            labels[0].cpu().numpy(),
        )


def transformers_module(tips: Tips) -> Any:
    """Tipsv2DptForDensePrediction with a copy of these weights, fp32 on the CPU.

    Args:
        tips: with all three heads, as they were loaded.

    Raises:
        ValueError: transformers is missing or too old, or the model lacks a head.
    """
    library = import_transformers()
    absent = set(HEAD_NAMES) - set(tips.head_names)
    if absent:
        raise ValueError(
            "transformers' model has three heads; this one has no "
            f"{' and no '.join(sorted(absent))} head: compare another, as random-b14"
        )
    module, told = library.Tipsv2DptForDensePrediction.from_pretrained(
        None,
        config=_config(library, tips),
        state_dict=_copy_tensors(tips),
        output_loading_info=True,
    )
    wrong = [names for names in told.values() if names]
    if wrong:
        raise ValueError(f"transformers took the weights of this model wrongly: {wrong}"[:200])
    return module.eval().requires_grad_(False)


def import_transformers() -> Any:
    """The library; ValueError names the fix where it is missing or too old."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is fetched: the weights are ours
    try:
        library: Any = importlib.import_module("transformers")
    except ImportError:
        raise ValueError(f"--against transformers needs it: {_HOW}") from None
    version = tuple(int(part) for part in re.findall(r"\d+", library.__version__)[:2])
    if version < OLDEST:
        raise ValueError(f"transformers {library.__version__} has no TIPSv2 model: {_HOW}")
    library.utils.logging.disable_progress_bar()
    return library


def _config(library: Any, tips: Tips) -> Any:
    vit = tips.backbone.config
    assert tips.depth is not None and tips.segmentation is not None
    bins = tips.depth.bins
    backbone = {
        "model_type": "tipsv2_vision_model",
        "reshape_hidden_states": False,
        "hidden_size": vit.width,
        "num_hidden_layers": vit.depth,
        "num_attention_heads": vit.heads,
        # They compute int(width * ratio); with SwiGLU the ratio is that of the MLP it replaces.
        "mlp_ratio": 4 if vit.ffn == "swiglu" else (vit.ffn_hidden + 0.5) / vit.width,
        "hidden_act": _ACTIVATIONS[vit.gelu],
        "image_size": vit.patch * vit.pos_grid,
        "patch_size": vit.patch,
        "use_swiglu_ffn": vit.ffn == "swiglu",
        "out_indices": [tap + 1 for tap in tips.taps],  # theirs count the stem as 0
    }
    config = library.Tipsv2DptConfig(
        backbone_config=backbone,
        neck_hidden_sizes=list(reassemble_channels(vit.width)),
        fusion_hidden_size=tips.depth.dpt.project.out_channels,
        num_depth_bins=tips.depth.head.out_channels,
        min_depth=bins.min_m,
        max_depth=bins.max_m,
        depth_decoder_activation="relu" if bins.relu_after_project else "linear",
    )
    config.num_labels = tips.segmentation.head.out_channels
    return config


def _copy_tensors(tips: Tips) -> dict[str, Tensor]:
    """Our weights under the names of the Hub's files."""
    tensors = hub_tensors(tips)
    # It is for pre-training alone, and the official files carry it.
    tensors["vision_encoder.mask_token"] = torch.zeros(1, tips.backbone.config.width)
    # A copy: ours may be changed or moved later.
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}
