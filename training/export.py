# SPDX-License-Identifier: Apache-2.0
"""A trained model → a model directory in the Hugging Face layout, in half precision.

The layout holds tensors only. What else `tips_ros` must know goes into `model.yaml`; two things
have no key there, so that a model must be trained with what the reader takes for granted: exact
GELU in the image encoder, and 1e-5 as the epsilon of the text encoder's LayerNorms.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file
from torch import Tensor

from tips_ros.model.checkpoints.hub_layout import hub_tensors
from tips_ros.model.checkpoints.hugging_face import WEIGHTS
from tips_ros.model.text import TextEncoder
from tips_ros.model.tips import Tips
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.description import NYU_FOCAL_RATIO
from tips_ros.perception.language.tokenizer import Tokenizer
from tips_ros.perception.loading.model_directory import TOKENIZER_FILE
from tips_ros.perception.loading.model_settings import SETTINGS_FILE

GELU = "erf"
TEXT_NORM_EPS = 1e-5


def export(
    directory: Path,
    tips: Tips,
    text: TextEncoder,
    tokenizer: Path,
    *,
    classes: ClassList,
    input_size: tuple[int, int],
    temperature: float,
    focal_ratio: float = NYU_FOCAL_RATIO,
    knows: str = "",
) -> int:
    """Writes `model.safetensors`, `model.yaml` and `tokenizer.model`; other files stay.

    Args:
        directory: made where it is not there.
        tips: image encoder and heads, on any device, in any precision.
        text: text encoder.
        tokenizer: the SentencePiece model it was trained with.
        classes: of the segmentation head, in the order of its outputs.
        input_size: (h, w) in pixels that the network is to see.
        temperature: of the image-text softmax.
        focal_ratio: fx / width of the cameras that the depth head was trained with.
        knows: what it was trained for, where that is little; told with every picture of it.

    Returns:
        Size of the weights in bytes.

    Raises:
        ValueError: what the directory could not say, or a weight that half precision can't hold.
    """
    _check(tips, text, Tokenizer(tokenizer), classes)
    directory.mkdir(parents=True, exist_ok=True)
    tensors = hub_tensors(tips)
    tensors |= {f"text_encoder.{n}": t for n, t in text.state_dict().items()}
    weights = directory / WEIGHTS
    save_file({n: _half(n, t) for n, t in sorted(tensors.items())}, weights, {"format": "pt"})
    weights.chmod(0o644)  # safetensors makes it for its owner alone
    settings = {
        "attention_heads": tips.backbone.config.heads,
        "text_attention_heads": text.config.heads,
        "taps": list(tips.taps),
        "input_size": list(input_size),
        "classes": classes.by_id(),
        **_depth_settings(tips),
        "focal_ratio": round(focal_ratio, 6),
        "temperature": round(temperature, 6),
        **({"knows": knows} if knows else {}),
    }
    written = yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=88)
    (directory / SETTINGS_FILE).write_text(f"# Written by training/export.py.\n{written}")
    shutil.copyfile(tokenizer, directory / TOKENIZER_FILE)
    return weights.stat().st_size


def _check(tips: Tips, text: TextEncoder, tokenizer: Tokenizer, classes: ClassList) -> None:
    if tips.backbone.config.gelu != GELU:
        raise ValueError(f"GELU {tips.backbone.config.gelu}: the layout means {GELU}; train so")
    if text.config.norm_eps != TEXT_NORM_EPS:
        raise ValueError(
            f"LayerNorm epsilon {text.config.norm_eps} in the text encoder: the layout means "
            f"{TEXT_NORM_EPS}; train so"
        )
    if tokenizer.vocabulary > text.config.vocabulary:
        raise ValueError(
            f"{tokenizer.path}: {tokenizer.vocabulary} ids, but the text encoder knows "
            f"{text.config.vocabulary}"
        )
    if tips.segmentation is not None and len(classes) != tips.segmentation.head.out_channels:
        raise ValueError(
            f"{len(classes)} classes for a segmentation head with "
            f"{tips.segmentation.head.out_channels} outputs"
        )


def _depth_settings(tips: Tips) -> dict[str, Any]:
    if tips.depth is None:
        return {}
    bins = tips.depth.bins
    return {
        "depth_range_m": [bins.min_m, bins.max_m],
        "depth_relu_after_project": bins.relu_after_project,  # the layout's default is true
    }


def _half(name: str, tensor: Tensor) -> Tensor:
    half = tensor.detach().cpu().to(torch.float16).contiguous()
    if not half.isfinite().all():
        raise ValueError(f"{name}: fp16 holds no more than 65504")
    return half
