# SPDX-License-Identifier: Apache-2.0
"""A model by name or directory: which files it is made of, and loading them into a predictor."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

import torch

from tips_ros.model.checkpoints import CheckpointError, load_backbone, load_dpt_head
from tips_ros.model.demo import DEMO_VIT, untrained_demo
from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.tips import HEAD_NAMES, HeadName, Tips
from tips_ros.model.variants import variant_of
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.class_lists import ClassList, ade20k
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.predictor import Predictor

logger = logging.getLogger(__name__)

DEMO = "demo"
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class ModelNotFound(ValueError):
    """No such model here; the message says what to put where."""


@dataclass(frozen=True)
class ReleasedModel:
    """A model that Google released: the variant and the official names of its files."""

    variant: str
    vision: str
    heads: str  # with {head} to fill in


RELEASED: dict[str, ReleasedModel] = {
    f"tipsv2-{size}": ReleasedModel(
        variant, f"tips_v2_oss_{vision}_vision.npz", f"tips_v2_{size}_{{head}}_dpt.zip"
    )
    for size, vision, variant in (
        ("b14", "b14", "B"),
        ("l14", "l14", "L"),
        ("so400m14", "so14", "SO400m"),
        ("g14", "g14", "g"),
    )
}

_VISION_FILE = re.compile(r"tips_.*_vision\.npz")
_HEAD_FILE = re.compile(rf"tips_.*_({'|'.join(HEAD_NAMES)})_dpt\.zip")


def models_home() -> Path:
    """Where models are looked up by name: $TIPS_ROS_MODELS, else ~/.cache/tips_ros/models."""
    return Path(os.environ.get("TIPS_ROS_MODELS") or "~/.cache/tips_ros/models").expanduser()


def load_predictor(
    model: str = DEMO,
    *,
    device: str = "auto",
    precision: str = "fp32",
    input_size: tuple[int, int] | None = None,
) -> Predictor:
    """Loads a model and puts it on a device.

    Args:
        model: `demo`, the name of a released model (`tipsv2-b14`, …) or a directory holding
            official files: one `tips_*_vision.npz` and any of the `tips_*_dpt.zip` heads.
        device: as torch names it; `auto` is the GPU where there is one.
        precision: fp32, bf16 or fp16.
        input_size: (h, w) the network is to see, instead of the model's own.

    Raises:
        ModelNotFound: no such name or directory, or files are missing.
        CheckpointError: a file that can't be used.
        ValueError: no such device or precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r}: choose one of {', '.join(PRECISIONS)}")
    chosen = choose_device(device)
    tips, description = _load(model)
    logger.info(
        "model %s: TIPS %s with heads %s on %s in %s",
        model,
        description.variant,
        ", ".join(tips.head_names) or "none",
        chosen,
        precision,
    )
    return Predictor(
        tips, description, device=chosen, dtype=PRECISIONS[precision], input_size=input_size
    )


def choose_device(device: str) -> str:
    """`auto` → what is there; anything else is checked. ValueError names the fix."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(f"device {device!r}: name one as torch does: auto, cpu, cuda:0") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"device {device!r}: this torch sees no CUDA GPU; use device auto or cpu, "
            "or install a CUDA build of torch"
        )
    return device


def _load(model: str) -> tuple[Tips, ModelDescription]:
    if model == DEMO:
        return _demo()
    if model in RELEASED:
        return _released(model, RELEASED[model])
    directory = Path(model).expanduser()
    if directory.is_dir():
        return _directory(directory)
    raise ModelNotFound(
        f"no model {model!r}: name {DEMO}, {', '.join(RELEASED)}, or a directory that exists"
    )


def _demo() -> tuple[Tips, ModelDescription]:
    logger.warning("model demo is untrained: random weights, so its outputs mean nothing")
    classes = ade20k()
    side = DEMO_VIT.patch * DEMO_VIT.pos_grid
    return untrained_demo(len(classes.names)), ModelDescription(
        DEMO, "demo", (side, side), classes, trained=False
    )


def _released(name: str, released: ReleasedModel) -> tuple[Tips, ModelDescription]:
    directory = models_home() / name
    head_files = {head: directory / released.heads.format(head=head) for head in HEAD_NAMES}
    vision = directory / released.vision
    missing = [file.name for file in (vision, *head_files.values()) if not file.is_file()]
    if missing:
        raise ModelNotFound(
            f"model {name} is not here: put {', '.join(missing)} into {directory}, "
            "or name the directory that holds them"
        )
    return _assemble(name, vision, head_files, variant=released.variant)


def _directory(directory: Path) -> tuple[Tips, ModelDescription]:
    vision: list[Path] = []
    head_files: dict[HeadName, Path] = {}
    for file in sorted(directory.iterdir()):
        if _VISION_FILE.fullmatch(file.name):
            vision.append(file)
        elif match := _HEAD_FILE.fullmatch(file.name):
            head = next(name for name in HEAD_NAMES if name == match[1])
            if head in head_files:
                raise ModelNotFound(
                    f"{directory}: two {head} heads, {head_files[head].name} and {file.name}; "
                    "keep one"
                )
            head_files[head] = file
    if len(vision) != 1:
        found = ", ".join(file.name for file in vision) or "none"
        raise ModelNotFound(
            f"{directory}: a model directory holds exactly one tips_*_vision.npz, here: {found}"
        )
    return _assemble(str(directory), vision[0], head_files)


def _assemble(
    name: str, vision: Path, head_files: dict[HeadName, Path], variant: str | None = None
) -> tuple[Tips, ModelDescription]:
    backbone = load_backbone(vision, variant=variant)
    config = backbone.config
    known = variant_of(config.width, config.depth, config.ffn, config.ffn_hidden)
    assert known is not None  # load_backbone refuses sizes that no variant has
    tips = _with_heads(backbone, known.taps, head_files)
    classes = ade20k()
    if tips.segmentation is not None:
        outputs = tips.segmentation.head.out_channels
        if outputs != len(classes.names):
            classes = ClassList(tuple(f"class {i}" for i in range(outputs)))
    side = config.patch * config.pos_grid
    return tips, ModelDescription(name, known.name, (side, side), classes)


def _with_heads(
    backbone: VisionTransformer, taps: tuple[int, ...], head_files: dict[HeadName, Path]
) -> Tips:
    depth = normals = segmentation = None
    for name, file in head_files.items():
        head = load_dpt_head(file, name)
        width = head.dpt.width
        if width != backbone.config.width:
            raise CheckpointError(
                f"{file}: made for width {width}, but the image encoder has width "
                f"{backbone.config.width}; take the head of the same model"
            )
        if isinstance(head, DepthHead):
            depth = head
        elif isinstance(head, NormalsHead):
            normals = head
        elif isinstance(head, SegmentationHead):
            segmentation = head
    return Tips(backbone, taps, depth=depth, normals=normals, segmentation=segmentation)
