# SPDX-License-Identifier: Apache-2.0
"""The files of a model directory → the model in memory, with its description."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tips_ros.model.checkpoints import (
    CheckpointError,
    CheckpointPart,
    Role,
    build_backbone,
    build_head,
    build_text_encoder,
    read_checkpoint,
    select_part,
)
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.text import TextConfig
from tips_ros.model.tips import HEAD_NAMES, Tips
from tips_ros.model.variants import VitConfig, variant_of
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.description import NYU_FOCAL_RATIO, ModelDescription
from tips_ros.perception.deviation.model import UNCALIBRATED
from tips_ros.perception.language.text_embedder import TextEmbedder
from tips_ros.perception.language.tokenizer import Tokenizer
from tips_ros.perception.loading.model_directory import ModelDirectory, ModelNotFound
from tips_ros.perception.loading.model_settings import ModelSettings

_HIGHRES_PX = 448


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory, on the CPU in fp32.

    Attributes:
        tips: image encoder and dense heads.
        description: its facts; those of the text encoder only where it was loaded.
        text: embeds texts; None where it was not asked for.
    """

    tips: Tips
    description: ModelDescription
    text: TextEmbedder | None = None


@dataclass(frozen=True)
class TextTower:
    """A text encoder in memory, on the CPU in fp32.

    Attributes:
        embedder: embeds texts.
        config: its sizes.
        temperature: of the image-text softmax; None where neither model.yaml nor its file tell.
        path, origin: the file and its format.
    """

    embedder: TextEmbedder
    config: TextConfig
    temperature: float | None
    path: Path
    origin: str


def assemble(
    name: str, found: ModelDirectory, *, variant: str | None = None, with_text: bool = False
) -> LoadedModel:
    """Reads a model directory.

    Args:
        name: what the user called it.
        found: its files.
        variant: the variant it must be; None accepts whichever it is.
        with_text: also the text encoder and its tokenizer.

    Raises:
        ModelNotFound: a file is missing.
        CheckpointError: a file can't be used, or does not belong to the others.
    """
    parts = _image_parts(found)
    settings = found.settings
    vision = parts.pop("vision")
    backbone = build_backbone(vision, variant=variant, heads=settings.attention_heads)
    config = backbone.config
    released = variant_of(config.width, config.depth, config.ffn, config.ffn_hidden)
    taps = settings.taps or _taps_of_file(vision, parts) or (released.taps if released else ())
    if parts and not taps:
        raise ModelNotFound(
            f"{found.path}: no released model has these sizes; say in model.yaml which blocks the "
            "heads read, as in `taps: [2, 5, 8, 11]`"
        )
    if any(not 0 <= tap < config.depth for tap in taps):
        raise CheckpointError(
            f"{vision.path}: has blocks 0 to {config.depth - 1}, but the taps are {list(taps)}; "
            "correct them in model.yaml (`taps:`) or take files of one model"
        )
    tips = _add_heads(backbone, taps, parts, settings)
    description = ModelDescription(
        name=name,
        variant=released.name if released else f"{config.depth} blocks of width {config.width}",
        input_size=settings.input_size or _trained_size(vision, config),
        classes=_classes(tips, parts, settings, found),
        vit=config,
        heads=tips.head_names,
        taps=taps,
        bins=tips.depth.bins if tips.depth else DepthBins(),
        temperature=settings.temperature,
        focal_ratio=settings.focal_ratio or NYU_FOCAL_RATIO,
        deviation=settings.depth_stddev or UNCALIBRATED,
        trained=settings.trained,
        knows=settings.knows or "",
        origin=", ".join(sorted({part.origin for part in (vision, *parts.values())})),
    )
    if not with_text:
        return LoadedModel(tips, description)
    return _add_text(LoadedModel(tips, description), found)


def _trained_size(vision: CheckpointPart, config: VitConfig) -> tuple[int, int]:
    """(h, w) in pixels: what the position grid covers, or what the official name says.

    The JAX files of v1 keep the 16×16 grid of the first training stage also where the last one
    ran at 448 px; those are named `highres`.
    """
    side = config.patch * config.pos_grid
    if "_highres_" in vision.path.name:
        side = max(side, _HIGHRES_PX)
    return side, side


def _image_parts(found: ModelDirectory) -> dict[Role, CheckpointPart]:
    """Image encoder and heads; the heads that are not there are left out."""
    parts: dict[Role, CheckpointPart] = {}
    roles: tuple[Role, ...] = ("vision", *HEAD_NAMES)
    for role in roles:
        part = _read(found, role)
        if part is not None:
            parts[role] = part
    if "vision" not in parts:
        if parts and found.hugging_face:
            raise ModelNotFound(
                f"{found.path}: holds heads without the image encoder (an older revision); put "
                "the tips_…_vision.npz of the same model beside them"
            )
        raise ModelNotFound(
            f"{found.path}: a model directory holds one tips_…_vision.npz or a Hugging Face "
            "model.safetensors, here there is neither; model.yaml can name another file"
        )
    return parts


def _read(found: ModelDirectory, role: Role) -> CheckpointPart | None:
    """The part of this role; None where the directory has none."""
    if role in found.files:
        return select_part(read_checkpoint(found.files[role], (role,)), role, found.files[role])
    for directory in found.hugging_face:
        for part in read_checkpoint(directory, (role,)):
            return part
    return None


def _taps_of_file(vision: CheckpointPart, heads: dict[Role, CheckpointPart]) -> tuple[int, ...]:
    """The taps that a file tells of, if one does."""
    for part in (*heads.values(), vision):
        if part.metadata.taps:
            return part.metadata.taps
    return ()


def _add_heads(
    backbone: VisionTransformer,
    taps: tuple[int, ...],
    parts: dict[Role, CheckpointPart],
    settings: ModelSettings,
) -> Tips:
    tips = Tips(backbone, taps)
    for role, part in parts.items():
        head = build_head(part, bins=_bins(part, settings) if role == "depth" else None)
        if head.dpt.width != backbone.config.width:
            raise CheckpointError(
                f"{part.path}: made for width {head.dpt.width}, but the image encoder has width "
                f"{backbone.config.width}; take the head of the same model"
            )
        if isinstance(head, DepthHead):
            tips.depth = head
        elif isinstance(head, NormalsHead):
            tips.normals = head
        elif isinstance(head, SegmentationHead):
            tips.segmentation = head
    return tips


def _bins(part: CheckpointPart, settings: ModelSettings) -> DepthBins:
    """The format's own bins, with what the user says put over them."""
    bins = part.metadata.bins or DepthBins()
    if settings.depth_range_m is not None:
        bins = replace(bins, min_m=settings.depth_range_m[0], max_m=settings.depth_range_m[1])
    if settings.depth_relu_after_project is not None:
        bins = replace(bins, relu_after_project=settings.depth_relu_after_project)
    return bins


def _classes(
    tips: Tips, parts: dict[Role, CheckpointPart], settings: ModelSettings, found: ModelDirectory
) -> ClassList:
    """Names of the segmentation head's outputs: the user's, the file's, ADE20K's, or numbers."""
    if tips.segmentation is None:
        return settings.classes or ade20k()
    outputs = tips.segmentation.head.out_channels
    if settings.classes is not None:
        if len(settings.classes) != outputs:
            raise ModelNotFound(
                f"{found.path}: model.yaml names {len(settings.classes)} classes, but the "
                f"segmentation head has {outputs}"
            )
        return settings.classes
    told = parts["segmentation"].metadata.class_names
    for classes in (ClassList(told) if told else None, ade20k()):
        if classes is not None and len(classes) == outputs:
            return classes
    return ClassList(tuple(f"class {i}" for i in range(outputs)))


def read_text(found: ModelDirectory) -> TextTower:
    """The text encoder of a model directory, with its tokenizer; nothing else is read.

    Raises:
        ModelNotFound: one of them is missing.
        CheckpointError, TokenizerError: a file can't be used.
    """
    part = _read(found, "text")
    if part is None and found.tokenizer is None:
        raise ModelNotFound(
            f"{found.path}: has no text encoder and no tokenizer.model; put the tips_…_text.npz "
            "of the same model and the official tokenizer.model there"
        )
    if part is None:
        raise ModelNotFound(
            f"{found.path}: has no text encoder; put the tips_…_text.npz of the same model there"
        )
    if found.tokenizer is None:
        raise ModelNotFound(
            f"{found.path}: has no tokenizer.model; put the official one there, the same for all "
            "models"
        )
    encoder = build_text_encoder(part, heads=found.settings.text_attention_heads)
    return TextTower(
        TextEmbedder(encoder, Tokenizer(found.tokenizer)),
        encoder.config,
        found.settings.temperature or part.metadata.temperature,
        part.path,
        part.origin,
    )


def _add_text(model: LoadedModel, found: ModelDirectory) -> LoadedModel:
    description = model.description
    text = read_text(found)
    if text.config.width != description.vit.width:
        raise CheckpointError(
            f"{text.path}: a text encoder of width {text.config.width}, but the image encoder "
            f"has width {description.vit.width}; take the one of the same model"
        )
    return LoadedModel(
        model.tips,
        replace(
            description,
            text=text.config,
            temperature=text.temperature,
            origin=", ".join(sorted({*description.origin.split(", "), text.origin})),
        ),
        text.embedder,
    )
