# SPDX-License-Identifier: Apache-2.0
"""Model files: zips and safetensors that were cut, swapped or made to harm; model.yaml."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from tips_ros.model.checkpoints import CheckpointError, read_checkpoint, read_temperature
from tips_ros.perception.language.tokenizer import Tokenizer, TokenizerError
from tips_ros.perception.loading.model_directory import ModelNotFound, scan
from tips_ros.perception.loading.model_settings import ModelSettingsError, read_settings
from tips_ros.perception.loading.text_files import text_files

from ..mutations import mutated, mutated_text
from ..scratch import scratch_file
from ..target import Target, refusal

_SUFFIXES = st.sampled_from((".npz", ".zip", ".safetensors"))
_YAML = """attention_heads: 4
taps: [0, 1, 2, 3]
input_size: [112, 112]
classes: {0: wall, 3: floor}
depth_range_m: [0.001, 10.0]
focal_ratio: 0.8107
temperature: 0.01
trained: true
knows: rooms only
vision: tips_tiny_vision.npz
"""


def npz(entries: dict[str, bytes], **options: int) -> bytes:
    """A zip with these files in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, data in entries.items():
            # Of no date: the same seed makes the same cases at any time.
            archive.writestr(zipfile.ZipInfo(name), data, archive.compression)
    return out.getvalue()


def npy(array: np.ndarray) -> bytes:
    """The bytes of a .npy file."""
    out = io.BytesIO()
    np.save(out, array, allow_pickle=array.dtype.hasobject)
    return out.getvalue()


@lru_cache(maxsize=1)
def seeds() -> tuple[bytes, ...]:
    """Small archives of arrays, sound and not, and safetensors."""
    small = npy(np.arange(12, dtype=np.float32).reshape(3, 4))
    zeros = npy(np.zeros((2, 1_000_000), np.float32))
    head = json.dumps({"temperature": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})
    return (
        npz({"cls_token.npy": small, "pos_embed.npy": small, "blocks.0.norm1.weight.npy": small}),
        npz({"temperature.npy": npy(np.float32(0.01)), "token_embedding.weight.npy": small}),
        npz({"../../out.npy": small, "/etc/out.npy": small}),
        npz({"params/a.npy": zeros}, compression=zipfile.ZIP_DEFLATED),
        npz({"a.npy": npy(np.array([{1: 2}], object))}),
        npz({"data.pkl": pickle.dumps([1]), "version": b"3"}),
        struct.pack("<Q", len(head)) + head.encode() + struct.pack("<f", 0.01),
    )


def check_checkpoint(case: tuple[bytes, str]) -> None:
    """Parts of a model, or a refusal; nothing is unpacked to the disk."""
    data, suffix = case
    path = scratch_file(f"model/checkpoint{suffix}", data)
    for read in (read_checkpoint, read_temperature):
        with refusal(CheckpointError):
            read(path)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    path.unlink()


def check_settings(content: bytes) -> None:
    """Settings of a model, or a refusal that names the file."""
    path = scratch_file("settings/model.yaml", content)
    with refusal(ModelSettingsError):
        read_settings(path.parent)
    with refusal(ModelSettingsError, ModelNotFound, CheckpointError):
        text_files(scan(path.parent))


def check_tokenizer(content: bytes) -> None:
    """A tokenizer whose every answer has 64 ids, or a refusal."""
    path = scratch_file("tokenizer.model", content)
    with refusal(TokenizerError):
        found = Tokenizer(path)
        assert found(["a cup", "Tür 杯"]).ids.shape == (2, 64)


def _tokenizer_seeds() -> list[bytes]:
    from tips_ros.resources import share_dir

    return [(share_dir() / "models" / "demo" / "tokenizer.model").read_bytes()]


TARGETS = (
    Target(
        "model files", st.tuples(st.deferred(lambda: mutated(seeds())), _SUFFIXES), check_checkpoint
    ),
    Target("model.yaml", mutated_text([_YAML]), check_settings),
    Target("tokenizer files", st.deferred(lambda: mutated(_tokenizer_seeds(), 4)), check_tokenizer),
)
