# SPDX-License-Identifier: Apache-2.0
"""docs/checkpoints.md lists every released file, and each of them loads as it says.

Generated files under the official names stand in for the real ones: S and B in full size, the
larger ones by shape alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import safetensors
import torch

from tips_ros.catalogue import FORMATS, MODELS, RemoteFile
from tips_ros.commands import download
from tips_ros.model.checkpoints import (
    CheckpointPart,
    build_backbone,
    build_head,
    build_text_encoder,
    dpt_zip,
    pytorch_npz,
    read,
    read_checkpoint,
    scenic_npz,
    select_part,
)
from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.text import TextEncoder
from tips_ros.model.variants import Variant, variant_named
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.loading.model_directory import scan

pytestmark = pytest.mark.slow

Shapes = dict[str, tuple[int, ...]]
TABLE = Path(__file__).resolve().parents[1] / "docs" / "checkpoints.md"
FULL_SIZE = ("S", "B")
HEADS = {
    "depth": ("pixel_depth_classif", 256, DepthHead),
    "normals": ("pixel_normals", 3, NormalsHead),
    "segmentation": ("pixel_segmentation", 150, SegmentationHead),
}


class Row(NamedTuple):
    """One line of the table: a file or repository and its two commands."""

    file: str
    get: list[str]
    load: list[str]

    @property
    def is_hub(self) -> bool:
        return self.file.startswith("google/")


def rows() -> Iterator[Row]:
    pattern = re.compile(r"\| `([^`]+)` \| [^|]+ \| `([^`]+)` \| `([^`]+)` \|")
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if match := pattern.fullmatch(line):
            yield Row(match[1], shlex.split(match[2]), shlex.split(match[3]))


def gotten(row: Row) -> tuple[str, RemoteFile, str]:
    """(model, file, format) that the row's command would download."""
    assert row.get[:2] == ["tips_ros", "download"]
    parser = argparse.ArgumentParser()
    download.add_arguments(parser)
    args = parser.parse_args(row.get[2:])
    (file,) = MODELS[args.name].files(args.format, args.only.split(","))
    return args.name, file, args.format


ROWS = [row for row in rows() if not row.is_hub]
TOWERS_AND_HEADS = [row for row in ROWS if row.file != "tokenizer.model"]
REPOSITORIES = [row for row in rows() if row.is_hub]


def ids(row: Row) -> str:
    return row.file if row.is_hub else f"{gotten(row)[2]}-{row.file}"


def variant_of_model(model: str) -> Variant:
    size = model.removeprefix("google/").removesuffix("-dpt").split("-")[1].removesuffix("14")
    return variant_named({"so400m": "SO400m", "g": "g"}.get(size, size.upper()))


def test_the_table_lists_every_released_file():
    listed = [(layout, file.path) for _, file, layout in map(gotten, ROWS)]
    released = {
        (layout if file.layout else "pytorch", file.path)
        for model in MODELS.values()
        for layout in FORMATS
        for file in model.files(layout)
    }
    assert sorted(listed) == sorted(released)


def test_the_table_lists_every_hugging_face_repository():
    released = [f"google/{name}{dpt}" for name in MODELS if "v2" in name for dpt in ("", "-dpt")]
    assert [row.file for row in REPOSITORIES] == released
    for row in REPOSITORIES:
        assert row.get == ["hf", "download", row.file]


@pytest.mark.parametrize("row", [*ROWS, *REPOSITORIES], ids=ids)
def test_a_row_s_commands_are_about_its_file(row: Row):
    assert row.load[:3] == ["tips_ros", "infer", "photo.jpg"]
    model = row.load[row.load.index("--model") + 1]
    if row.is_hub:
        assert model == row.file
        return
    name, file, layout = gotten(row)
    assert file.name == row.file
    is_jax_tower = layout == "scenic"
    assert model == (f"~/.cache/tips_ros/models/{name}-scenic" if is_jax_tower else name)
    assert ("--tags" in row.load) == (file.role in ("text", "tokenizer"))


@pytest.fixture(scope="module")
def shapes_of(scenic_vision_shapes: Any, scenic_text_shapes: Any) -> Callable[..., Shapes]:
    """Names and shapes of an official file's arrays."""

    def shapes(model: str, role: str, layout: str) -> Shapes:
        variant = variant_of_model(model)
        vit, text = variant.vit, variant.text
        if role in HEADS:
            return head_shapes(vit.width, role)
        if layout == "scenic":
            if role == "text":
                sizes = (text.width, text.depth, text.heads, text.hidden, text.vocabulary)
                return scenic_text_shapes(*sizes) | {"temperature": ()}
            grid = 32 if "v2" in model else 16
            return scenic_vision_shapes(
                vit.width, vit.depth, vit.heads, vit.ffn, vit.ffn_hidden, grid
            )
        with torch.device("meta"):
            module = VisionTransformer(vit) if role == "vision" else TextEncoder(text)
        found = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
        if role == "vision":
            side = 16 if "lowres" in model else 32
            return found | {"mask_token": (1, vit.width), "pos_embed": (1, 1 + side**2, vit.width)}
        return found | {"temperature": ()}

    return shapes


def head_shapes(width: int, role: str) -> Shapes:
    """Names and shapes of a DPT zip's arrays."""
    last, outputs, _ = HEADS[role]
    dpt, out = "decoder/dpt/", {}
    for i, channels in enumerate((width // 8, width // 4, width // 2, width)):
        block = f"{dpt}reassemble_blocks/"
        out[f"{block}out_projection_{i}/kernel"] = (1, 1, width, channels)
        out[f"{block}out_projection_{i}/bias"] = (channels,)
        out[f"{block}readout_projects_{i}/kernel"] = (2 * width, width)
        out[f"{block}readout_projects_{i}/bias"] = (width,)
        if i != 2:
            side = {0: 4, 1: 2, 3: 3}[i]
            out[f"{block}resize_layers_{i}/kernel"] = (side, side, channels, channels)
            out[f"{block}resize_layers_{i}/bias"] = (channels,)
        out[f"{dpt}convs_{i}/kernel"] = (3, 3, channels, 256)
        for unit in range(2 if i else 1):
            for conv in (1, 2):
                name = f"{dpt}fusion_blocks_{i}/PreActResidualConvUnit_{unit}/conv{conv}/kernel"
                out[name] = (3, 3, 256, 256)
        out[f"{dpt}fusion_blocks_{i}/Conv_0/kernel"] = (1, 1, 256, 256)
        out[f"{dpt}fusion_blocks_{i}/Conv_0/bias"] = (256,)
    out |= {f"{dpt}project/kernel": (3, 3, 256, 256), f"{dpt}project/bias": (256,)}
    return out | {f"decoder/{last}/kernel": (256, outputs), f"decoder/{last}/bias": (outputs,)}


def write_zeros(path: Path, shapes: Shapes) -> None:
    """A zip of arrays of zeros, which take no room."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, shape in shapes.items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, np.zeros(shape, np.float32))


@pytest.fixture(scope="module")
def full_size(
    tmp_path_factory: pytest.TempPathFactory, shapes_of: Callable[..., Shapes]
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


def by_shape(monkeypatch: pytest.MonkeyPatch, shapes: Shapes) -> None:
    """Makes the next file read one of these shapes, and tensors without memory."""
    arrays = {name: np.broadcast_to(np.int8(0), shape) for name, shape in shapes.items()}
    monkeypatch.setattr(read, "read_arrays", lambda _: arrays)
    for module in (pytorch_npz, scenic_npz, dpt_zip):
        monkeypatch.setattr(module, "as_tensor", lambda a: torch.empty(a.shape, device="meta"))


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
    shapes_of: Callable[..., Shapes],
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
    hub_name: Callable[[str, str], str],
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


class ByShape:
    """Stands for an open safetensors file: tensors of these shapes, without memory."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes

    def __enter__(self) -> ByShape:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def keys(self) -> list[str]:
        return list(self._shapes)

    def get_tensor(self, name: str) -> torch.Tensor:
        shape = self._shapes[name]
        return torch.empty(shape, device="meta") if shape else torch.tensor(0.005)


def write_holes(path: Path, shapes: Shapes) -> None:
    """A safetensors file of fp32 zeros, of which only the header takes room."""
    header: dict[str, Any] = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * int(np.prod(shape, dtype=np.int64))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
