# SPDX-License-Identifier: Apache-2.0
"""Whatever a checkpoint's bytes are, they cost one line: no crash, no code run, no memory taken."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model.checkpoints import CheckpointError, load_backbone
from tips_ros.model.checkpoints.archive import read_arrays

Arrays = dict[str, np.ndarray]


def saved(arrays: Arrays, path: Path) -> Path:
    """The arrays as an official file holds them."""
    with open(path, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    return path


def zipped(
    path: Path, entries: Iterable[tuple[str, bytes]], kind: int = zipfile.ZIP_STORED
) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def npy(header: str, data: bytes = b"") -> bytes:
    """A .npy file with any header."""
    line = header.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line + data


def described(descr: str, shape: str) -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


def refusal(path: Path) -> str:
    """The message with which an image encoder is refused: one line that names the file."""
    with pytest.raises(CheckpointError) as raised:
        load_backbone(path, heads=4)
    message = str(raised.value)
    assert message.startswith(f"{path}: ") and "\n" not in message and len(message) < 600
    return message


@pytest.fixture
def vision(tiny_vision: dict[str, Path]) -> Arrays:
    with np.load(tiny_vision["mlp"]) as arrays:
        return dict(arrays)


class TestAFile:
    def test_that_is_not_there_is_named(self, tmp_path: Path):
        assert "there is no such file" in refusal(tmp_path / "absent.npz")

    @pytest.mark.parametrize("content", [b"", b"hello\n" * 99, b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
    def test_that_is_no_zip_is_refused(self, tmp_path: Path, content: bytes):
        path = tmp_path / "v.npz"
        path.write_bytes(content)
        assert "not a whole zip of arrays" in refusal(path)

    def test_that_is_a_pickle_is_refused(self, tmp_path: Path):
        path = tmp_path / "v.npz"
        torch.save({"patch_embed.proj.weight": torch.zeros(1)}, path)
        assert "is not a .npy array; this is not a TIPS checkpoint" in refusal(path)

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.999])
    def test_that_ends_too_early_is_refused(
        self, tiny_vision: dict[str, Path], tmp_path: Path, kept: float
    ):
        whole = tiny_vision["mlp"].read_bytes()
        path = tmp_path / "v.npz"
        path.write_bytes(whole[: int(len(whole) * kept)])
        assert "copy or download the file again" in refusal(path)

    def test_with_one_wrong_bit_is_refused(self, tiny_vision: dict[str, Path], tmp_path: Path):
        content = bytearray(tiny_vision["mlp"].read_bytes())
        content[len(content) // 2] ^= 1
        path = tmp_path / "v.npz"
        path.write_bytes(content)
        assert "Bad CRC-32" in refusal(path)

    def test_with_pickled_objects_never_runs_them(self, tmp_path: Path):
        sprung = tmp_path / "sprung"

        class Trap:
            def __reduce__(self) -> Any:
                return os.mkdir, (str(sprung),)

        path = saved({"patch_embed.proj.weight": np.array([Trap()])}, tmp_path / "v.npz")
        assert "pickled objects, which are never loaded" in refusal(path)
        assert not sprung.exists()
        np.load(path, allow_pickle=True)["patch_embed.proj.weight"]
        assert sprung.exists()  # it was a trap

    def test_that_claims_more_than_it_has_takes_no_memory(self, tmp_path: Path):
        content = npy(described("'<f4'", "(25000000000,)"), b"1234")  # 100 GB
        path = zipped(tmp_path / "v.npz", [("pos_embed.npy", content)])
        assert "claims 100000000000 bytes of data" in refusal(path)

    def test_whose_directory_claims_more_too_takes_no_memory(self, tmp_path: Path):
        content = npy(described("'<f4'", "(1000000000,)"), b"1234")
        path = zipped(tmp_path / "v.npz", [("pos_embed.npy", content)])
        raw = bytearray(path.read_bytes())
        struct.pack_into("<II", raw, raw.rfind(b"PK\x01\x02") + 20, 0xFFFFFFF0, 0xFFFFFFF0)
        path.write_bytes(raw)
        assert "claims to be larger than the file" in refusal(path)

    def test_that_unpacks_to_less_than_it_claims_is_refused(self, tmp_path: Path):
        content = npy(described("'<f4'", "(1000,)"), b"1234")
        path = zipped(tmp_path / "v.npz", [("a.npy", content)], zipfile.ZIP_DEFLATED)
        raw = bytearray(path.read_bytes())
        struct.pack_into("<I", raw, raw.rfind(b"PK\x01\x02") + 24, 5000)
        path.write_bytes(raw)
        assert "copy or download the file again" in refusal(path)

    @pytest.mark.parametrize("shape", ["(-1,)", "(-2, -3)", "(True,)", "((1,),)", "[2]", "(2.5,)"])
    def test_with_an_impossible_shape_is_refused(self, tmp_path: Path, shape: str):
        content = npy(described("'<f4'", shape), b"x" * 24)
        refusal(zipped(tmp_path / "v.npz", [("a.npy", content)]))

    @pytest.mark.parametrize("kind", ["'<U3'", "'|V2'", "'<c8'", "[('a', '<f4')]", "'?'", "'zz'"])
    def test_with_what_are_no_numbers_is_refused(self, tmp_path: Path, kind: str):
        content = npy(described(kind, "(2,)"), b"x" * 24)
        refusal(zipped(tmp_path / "v.npz", [("a.npy", content)]))

    @pytest.mark.parametrize(
        "header", ["", "{" + "'a'*", "(" * 500, "__import__('os')", " " * 30_000]
    )
    def test_with_an_unreadable_header_is_refused(self, tmp_path: Path, header: str):
        path = zipped(tmp_path / "v.npz", [("a.npy", npy(header))])
        assert "not a readable .npy array" in refusal(path)

    def test_with_a_tensor_twice_is_refused(self, tmp_path: Path):
        buffer = io.BytesIO()
        np.save(buffer, np.zeros(2, np.float32))
        path = tmp_path / "v.npz"
        with pytest.warns(UserWarning, match="Duplicate name"):
            zipped(path, [("norm.bias.npy", buffer.getvalue())] * 2)
        assert "'norm.bias.npy' is there twice" in refusal(path)

    def test_with_a_path_for_a_name_writes_nothing(self, vision: Arrays, tmp_path: Path):
        inside = tmp_path / "inside"
        inside.mkdir()
        path = saved(vision | {"../escaped": np.zeros(1, np.float32)}, inside / "v.npz")
        assert "unknown tensor: ../escaped" in refusal(path)
        assert [p.name for p in tmp_path.iterdir()] == ["inside"]
        assert [p.name for p in inside.iterdir()] == ["v.npz"]

    @pytest.mark.slow
    def test_damaged_anywhere_is_refused_or_whole(self, tmp_path: Path):
        """Whatever error the bytes provoke in zipfile and NumPy, it becomes a CheckpointError."""
        path = tmp_path / "v.npz"
        tensors = {f"t{i}": np.full((3, 4), i, np.float32) for i in range(3)}
        np.savez_compressed(path, **tensors)  # type: ignore[arg-type]
        whole = path.read_bytes()
        random = np.random.RandomState(11)
        refused = 0
        for _ in range(1500):
            damaged = bytearray(whole)
            for position in random.randint(len(whole), size=random.randint(1, 4)):
                damaged[position] = random.randint(256)
            path.write_bytes(damaged)
            try:
                read_arrays(path)
            except CheckpointError:
                refused += 1
        assert refused > 1000


def test_arrays_in_fortran_order_are_read_as_they_are(tmp_path: Path):
    array = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    path = saved({"a/b": array}, tmp_path / "x.zip")
    np.testing.assert_array_equal(read_arrays(path)["a/b"], array)
