# SPDX-License-Identifier: Apache-2.0
"""The model of a case: a real one, or a released size with random weights."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from tips_ros.bench.cases import Case
from tips_ros.catalogue import MODELS
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.engines.select_backend import resolve_backend
from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.tips import Tips
from tips_ros.model.variants import VARIANTS, Variant, VitConfig
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.loading.assembly import LoadedModel
from tips_ros.perception.loading.backends import predictor_by
from tips_ros.perception.loading.load import ModelNotFound, load_model
from tips_ros.perception.loading.precisions import AUTO, PRECISIONS, choose_precision
from tips_ros.perception.predictor import Predictor

RANDOM = "random-"
_CHANNELS = 256  # of the released heads
_SEED = 0


def random_names() -> dict[str, Variant]:
    """`random-b14` and so on → the variant with these sizes."""
    return {f"{RANDOM}{variant.name.lower()}14": variant for variant in VARIANTS}


def model_named(name: str, classes: int | None = None) -> LoadedModel:
    """The model that a case names, on the CPU in fp32.

    Args:
        name: as `load_model` takes it, or `random-b14` and the like.
        classes: outputs of the segmentation head, instead of its own.

    Raises:
        ModelNotFound: there is no such model.
        CheckpointError, ModelSettingsError: a file that can't be used.
    """
    if name.startswith(RANDOM):
        known = random_names()
        if name not in known:
            raise ModelNotFound(f"no model {name!r}: random weights come as {', '.join(known)}")
        variant = known[name]
        loaded = random_model(variant.vit, variant.taps, ade20k(), name, variant.name)
    else:
        try:
            loaded = load_model(name)
        except ModelNotFound as error:
            if name in MODELS:
                size = name.removeprefix("tipsv2-")
                raise ModelNotFound(
                    f"{error}; or measure {RANDOM}{size}, which is as fast"
                ) from error
            raise
    return loaded if classes is None else _resize_classes(loaded, classes)


def predictor_of(loaded: LoadedModel, case: Case, device: torch.device) -> Predictor:
    """The model where and how a case wants it. It is used up: its weights are moved.

    Raises:
        ValueError: an input size that the model can't see, or a backend or precision that can't
            be had, or is refused.
    """
    predictor = predictor_by(
        case.backend,
        loaded,
        device=str(device),
        dtype=PRECISIONS[choose_precision(case.precision, str(device), case.backend)],
        input_size=case.input_size,
        heads=case.heads,
    )
    asked = resolve_backend(case.backend, device)
    by_itself = case.precision == AUTO and predictor.backend == asked
    if predictor.backend_note and not by_itself:
        raise ValueError(f"not what is to be measured: {predictor.backend_note}")
    return predictor


def random_model(
    vit: VitConfig,
    taps: tuple[int, ...],
    classes: ClassList,
    name: str,
    variant: str,
    channels: int = _CHANNELS,
) -> LoadedModel:
    """An image encoder of these sizes with three heads; what it says of an image means nothing.

    A pass takes as long as one with trained weights. The depth head has the ReLU of the Hub's
    release, which is what transformers computes.
    """
    with torch.device("meta"):
        tips = Tips(
            VisionTransformer(vit),
            taps,
            depth=DepthHead(vit.width, channels, bins=DepthBins(relu_after_project=True)),
            normals=NormalsHead(vit.width, channels),
            segmentation=SegmentationHead(vit.width, channels, len(classes)),
        )
    tips = tips.to_empty(device="cpu")
    _fill(tips)
    side = vit.patch * vit.pos_grid
    description = ModelDescription(
        name=name,
        variant=variant,
        input_size=(side, side),
        classes=classes,
        vit=vit,
        heads=tips.head_names,
        taps=taps,
        bins=DepthBins(relu_after_project=True),
        trained=False,
        origin="random numbers",
    )
    return LoadedModel(tips.eval().requires_grad_(False), description)


@torch.no_grad()
def _fill(model: nn.Module) -> None:
    """Random numbers that keep activations near 1; norms and gains near 1 themselves."""
    generator = torch.Generator().manual_seed(_SEED)
    for name, tensor in model.named_parameters():
        tensor.normal_(generator=generator)
        if tensor.ndim > 1 and tensor.shape[0] > 1:
            tensor.mul_(tensor[0].numel() ** -0.5)
            continue
        tensor.mul_(0.1)
        if name.endswith(("norm1.weight", "norm2.weight", "norm.weight", ".gamma")):
            tensor.add_(1)


def _resize_classes(loaded: LoadedModel, count: int) -> LoadedModel:
    """The same model with `count` classes: its own outputs, cut, or again from the first on."""
    tips = loaded.tips
    if tips.segmentation is None:
        raise ValueError(f"model {loaded.description.name} has no segmentation head to resize")
    old: nn.Conv2d = tips.segmentation.head
    new = nn.Conv2d(old.in_channels, count, 1)
    rows = torch.arange(count) % old.out_channels
    new.weight = nn.Parameter(_rows(old.weight, rows), requires_grad=False)
    assert old.bias is not None
    new.bias = nn.Parameter(_rows(old.bias, rows), requires_grad=False)
    tips.segmentation.head = new
    classes = ClassList(tuple(f"class {i}" for i in range(count)))
    return replace(loaded, description=replace(loaded.description, classes=classes))


def _rows(tensor: Tensor, rows: Tensor) -> Tensor:
    return tensor.detach()[rows].clone()
