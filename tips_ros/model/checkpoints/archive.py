# SPDX-License-Identifier: Apache-2.0
"""Reads zips of `.npy` arrays (`.npz` files and the official DPT `.zip` files) without trust.

Nothing is unpickled, nothing is unpacked to disk, and an array is allocated only after its
header was found to match the bytes that are there.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO

import numpy as np

from tips_ros.model.checkpoints.errors import CheckpointError

Arrays = dict[str, np.ndarray]
_SUFFIX = ".npy"
_REASON_LENGTH = 120
_AGAIN = "copy or download the file again"


def read_arrays(path: Path, only: Collection[str] | None = None) -> Arrays:
    """Every array in the archive, by its name without `.npy`.

    Args:
        path: the archive.
        only: names of arrays; nothing else is read. None for all.

    Raises:
        CheckpointError: not there, not a zip, truncated, damaged, or an entry that is not a
            plain numeric array.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            arrays: Arrays = {}
            for info in archive.infolist():
                if info.is_dir():
                    continue
                name = info.filename.removesuffix(_SUFFIX)
                if only is not None and name not in only:
                    continue
                if name in arrays:
                    raise CheckpointError(f"{path}: entry {info.filename!r} is there twice")
                arrays[name] = _read_entry(archive, info, path)
            return arrays
    except (CheckpointError, PermissionError):
        raise
    except Exception as error:
        # Damaged bytes make zipfile and its decompressors raise a dozen kinds of errors.
        raise CheckpointError(
            f"{path}: not a whole zip of arrays ({_reason(error)}); {_AGAIN}"
        ) from error


def _read_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> np.ndarray:
    where = f"{path}: entry {info.filename!r}"
    if not info.filename.endswith(_SUFFIX):
        raise CheckpointError(f"{where} is not a .npy array; this is not a TIPS checkpoint")
    if info.compress_size > path.stat().st_size:
        raise CheckpointError(f"{where} claims to be larger than the file; {_AGAIN}")
    with archive.open(info) as file:
        shape, fortran_order, dtype = _read_header(file, where)
        if dtype.hasobject:
            raise CheckpointError(f"{where} holds pickled objects, which are never loaded")
        if dtype.kind not in "fiu":
            raise CheckpointError(f"{where} holds {dtype}, not numbers; convert it to float32")
        if any(isinstance(side, bool) or side < 0 for side in shape):
            raise CheckpointError(f"{where} has the impossible shape {shape}; {_AGAIN}")
        expected = math.prod(shape) * dtype.itemsize
        if expected > info.file_size:
            raise CheckpointError(
                f"{where} claims {expected} bytes of data but has {info.file_size}; {_AGAIN}"
            )
        data = file.read(expected)
        file.read()  # to the end, so that the checksum is compared
    if len(data) != expected:
        raise CheckpointError(f"{where} ends after {len(data)} of {expected} bytes; {_AGAIN}")
    array = np.frombuffer(data, dtype=dtype)
    return array.reshape(shape, order="F" if fortran_order else "C")


def _read_header(file: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        return read(file)
    except Exception as error:  # the header is a Python literal: whatever parsing one can raise
        raise CheckpointError(f"{where} is not a readable .npy array ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    """Another library's error in one readable line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= _REASON_LENGTH else words[:_REASON_LENGTH] + "…"
