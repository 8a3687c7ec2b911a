# SPDX-License-Identifier: Apache-2.0
"""Each released file loads as docs/checkpoints.md says.

Generated files under the official names stand in for the real ones: S and B in full size, the
larger ones by shape alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch

from tips_ros.catalogue import RemoteFile
from tips_ros.model.checkpoints import (
    CheckpointPart,
    build_backbone,
    build_head,
    build_text_encoder,
    read_checkpoint,
    select_part,
)
from tips_ros.model.heads import DepthHead
from tips_ros.model.text import TextEncoder
from tips_ros.model.variants import Variant
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.loading.model_directory import scan

from ...hub_names import hub_name
from .rows import REPOSITORIES, TOWERS_AND_HEADS, Row, gotten, ids, variant_of_model
from .stand_ins import HEADS, ByShape, Shapes, by_shape, shapes_of, write_holes, write_zeros

pytestmark = pytest.mark.slow


FULL_SIZE = ("S", "B")


@pytest.fixture(scope="module")
def full_size(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Path, str, RemoteFile, str], None]:
    """Puts a file of official names and shapes at a path; one of the same content only once."""
    written: dict[str, Path] = {}
    folder = tmp_path_factory.mktemp("written")

    def put(path: Path, model: str, file: RemoteFile, layout: str) -> None:
        shapes = shapes_of(model, file.role, layout)
        key = repr(shapes)
        if key not in written:
            written[key] = folder / str(len(written))
            write_zeros(written[key], shapes)
        os.link(written[key], path)

    return put


def check(part: CheckpointPart, variant: Variant, origin: str, *, jax: bool = False) -> None:
    """Builds what the part is, and sees that it is of the variant."""
    assert part.origin == origin
    if part.role == "vision":
        config = build_backbone(part, variant=variant.name).config
        assert config.heads == variant.vit.heads
        assert config.gelu == ("tanh" if jax else "erf")
    elif part.role == "text":
        text = build_text_encoder(part, variant=variant.name).config
        assert text.heads == variant.text.heads and text.vocabulary == 32_000
        assert text.norm_eps == (1e-6 if jax else 1e-5)
        assert part.metadata.temperature is not None
    else:
        head = build_head(part)
        assert isinstance(head, HEADS[part.role][2])
        assert head.dpt.width == variant.vit.width
        assert head.head.out_channels == HEADS[part.role][1]
        if isinstance(head, DepthHead):
            assert head.bins.relu_after_project == (origin == "Hugging Face")


@pytest.mark.parametrize("row", TOWERS_AND_HEADS, ids=ids)
def test_a_file_of_the_table_loads(
    row: Row,
    tmp_path: Path,
    full_size: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
):
    model, file, layout = gotten(row)
    variant = variant_of_model(model)
    path = tmp_path / row.file
    if variant.name in FULL_SIZE:
        full_size(path, model, file, layout)
    else:
        path.touch()
        by_shape(monkeypatch, shapes_of(model, file.role, layout))
    assert scan(tmp_path).files == {file.role: path}
    part = select_part(read_checkpoint(path), file.role, path)  # type: ignore[arg-type]
    if part.role == "depth" or file.layout is None:
        check(part, variant, "Flax DPT")
    else:
        origin = {"pytorch": "PyTorch", "scenic": "Scenic"}[layout]
        check(part, variant, origin, jax=origin == "Scenic")


@pytest.mark.parametrize("row", REPOSITORIES, ids=ids)
def test_a_repository_of_the_table_loads(
    row: Row,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    variant = variant_of_model(row.file)
    vit, text = variant.vit, variant.text
    roles: tuple[Any, ...] = ("vision", "text")
    config: dict[str, Any] = {
        "vision_config": {"num_attention_heads": vit.heads},
        "text_config": {"num_attention_heads": text.heads},
    }
    if row.file.endswith("-dpt"):
        roles = ("vision", "depth", "normals", "segmentation")
        taps = [tap + 1 for tap in variant.taps]
        config = {"backbone_config": {"num_attention_heads": vit.heads, "out_indices": taps}}
    shapes: Shapes = {} if "-dpt" in row.file else {"temperature": ()}
    for role in roles:
        with torch.device("meta"):
            module: torch.nn.Module
            if role == "vision":
                module = VisionTransformer(vit)
            elif role == "text":
                module = TextEncoder(text)
            else:
                _, outputs, kind = HEADS[role]
                module = kind(vit.width, 256, outputs)
        for name, tensor in module.state_dict().items():
            shape = tuple(tensor.shape)
            is_last = role in HEADS and name == "head.weight"
            shapes[hub_name(role, name)] = shape[:2] if is_last else shape
    weights = tmp_path / "model.safetensors"
    if variant.name in FULL_SIZE:
        write_holes(weights, shapes)
    else:
        weights.touch()
        monkeypatch.setattr(safetensors, "safe_open", lambda *_, **__: ByShape(shapes))
    (tmp_path / "config.json").write_text(json.dumps(config))
    for role in roles:
        part = select_part(read_checkpoint(tmp_path, (role,)), role, tmp_path)
        check(part, variant, "Hugging Face")
        if role == "depth":
            assert part.metadata.taps == variant.taps
