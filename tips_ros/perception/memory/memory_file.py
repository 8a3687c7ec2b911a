# SPDX-License-Identifier: Apache-2.0
"""A memory as a file: arrays as NumPy has them (npz) and a JSON text among them; no pickle.

What is read back is equal to what was written, to the bit.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.memory.identity import ModelIdentity
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.remembered import INSIDE, Remembered
from tips_ros.whole_file import write_atomically

_FORMAT = 1
_MOST_BYTES = 2_000_000_000  # unpacked; the largest memory that the parameters allow is smaller
_MOST_TEXT = 64_000_000
_ABOUT = "about"
# Field of a thing → (type, shape of one).
_FIELDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "number": ("<i8", ()),
    "place_m": ("<f8", (3,)),
    "covariance_m2": ("<f8", (3, 3)),
    "rotation": ("<f8", (3, 3)),
    "low_m": ("<f8", (3,)),
    "high_m": ("<f8", (3,)),
    "sigma_m": ("<f8", ()),
    "best_quality": ("<f8", ()),
    "hits": ("<i8", ()),
    "first_seen_ns": ("<i8", ()),
    "last_seen_ns": ("<i8", ()),
    "presence": ("<f8", ()),
    "overlooked": ("<i8", ()),
    "missed": ("<i8", ()),
    "solid": ("<f4", (len(INSIDE),)),
}
_FEATURES = ("mean_feature", "best_feature")


class MemoryFileError(ValueError):
    """A file that is no memory, or not one for this model; says what to do."""


class StoredMemory(NamedTuple):
    """The content of a file."""

    memory: Memory
    identity: ModelIdentity


def collect(memory: Memory, identity: ModelIdentity) -> dict[str, NDArray[Any]]:
    """The arrays of a file, by name.

    Args:
        memory: not changed meanwhile.
        identity: of the model that its features are of.
    """
    things = memory.things
    arrays: dict[str, NDArray[Any]] = {}
    for name, (dtype, shape) in _FIELDS.items():
        values = [getattr(one, name) for one in things]
        arrays[name] = np.array(values, dtype).reshape(len(things), *shape)
    width = identity.width
    for name in _FEATURES:
        table = np.full((len(things), width), np.nan, "<f2")
        for row, one in zip(table, things, strict=True):
            feature = getattr(one, name)
            if feature is not None and len(feature) == width:
                row[:] = feature
        arrays[name] = table
    arrays["way_m"] = np.array(memory.way_m, "<f4").reshape(-1, 3)
    about = {
        "format": _FORMAT,
        "frame_id": memory.frame_id,
        "last_number": memory.last_number,
        "newest_ns": memory.newest_ns,
        "model": identity.name,
        "width": width,
        "fingerprint": list(identity.fingerprint),
        "names": [one.names for one in things],
    }
    arrays[_ABOUT] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    return arrays


def write(file: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Writes what `collect` gave, whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    content = io.BytesIO()
    np.savez_compressed(content, **cast(Any, arrays))
    write_atomically(file, content.getvalue(), durable=True)


def save(file: Path, memory: Memory, identity: ModelIdentity) -> None:
    """Writes a file, whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    write(file, collect(memory, identity))


def load(file: Path, identity: ModelIdentity | None = None) -> StoredMemory:
    """Reads a file.

    Args:
        file: that `save` has written.
        identity: of the model in use; None takes any.

    Raises:
        MemoryFileError: it is no such file, or of another model.
        OSError: it can't be read.
    """
    try:
        about, arrays = _unpack(file)
        stored = StoredMemory(_memory(about, arrays), _identity(about))
    except MemoryFileError:
        raise
    except Exception as error:  # whatever numpy, zipfile and zlib make of other files
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _broken(file, error) from error
    if identity is not None:
        check_model(file, stored, identity)
    return stored


def check_model(file: Path, stored: StoredMemory, identity: ModelIdentity) -> None:
    """Raises MemoryFileError where a memory is of another model than the one in use.

    Args:
        file: it was read from.
        stored: what was read.
        identity: of the model in use.
    """
    if not identity.is_same(stored.identity):
        raise MemoryFileError(
            f"{file.name} was made by model {stored.identity.name}, whose features mean nothing to "
            f"{identity.name}: load that model, or build the memory anew"
        )


def _unpack(file: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    with zipfile.ZipFile(file) as archive:
        sizes = {one.filename: one.file_size for one in archive.infolist()}
    if sum(sizes.values()) > _MOST_BYTES or sizes.get(f"{_ABOUT}.npy", 0) > _MOST_TEXT:
        raise MemoryFileError(f"{file.name} is too large for a memory")
    with np.load(file, allow_pickle=False) as loaded:  # noqa: TID251
        about = json.loads(bytes(np.asarray(loaded[_ABOUT], np.uint8)).decode())
        if about["format"] != _FORMAT:
            raise MemoryFileError(
                f"{file.name} has format {about['format']}, and this version reads {_FORMAT}: "
                "update tips_ros, or build the memory anew"
            )
        names = (*_FIELDS, *_FEATURES, "way_m")
        return about, {name: np.asarray(loaded[name]) for name in names}


def _identity(about: dict[str, Any]) -> ModelIdentity:
    fingerprint = tuple(float(number) for number in about["fingerprint"])
    return ModelIdentity(str(about["model"]), int(about["width"]), fingerprint)


def _memory(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Memory:
    count, width = len(about["names"]), int(about["width"])
    for name, (dtype, shape) in _FIELDS.items():
        _check(name, arrays[name], dtype, (count, *shape))
    for name in _FEATURES:
        _check(name, arrays[name], "<f2", (count, width), finite=False)
    _check("way_m", arrays["way_m"], "<f4", (len(arrays["way_m"]), 3))
    if len(set(arrays["number"].tolist())) < count or (arrays["hits"] < 1).any():
        raise ValueError("numbers that are there twice, or things without a hit")
    memory = Memory()
    for row, names in enumerate(about["names"]):
        named = {str(name): float(said) for name, said in names.items()}
        if not named or not all(math.isfinite(said) and said > 0 for said in named.values()):
            raise ValueError("a thing without a name")
        fields: dict[str, Any] = {
            name: None if np.isnan(arrays[name][row]).any() else arrays[name][row].copy()
            for name in _FEATURES
        }
        fields |= {
            name: arrays[name][row].copy() if shape else arrays[name][row].item()
            for name, (_, shape) in _FIELDS.items()
        }
        memory.things.append(Remembered(names=named, **fields))
    memory.frame_id = str(about["frame_id"])
    memory.last_number = max([int(about["last_number"]), *arrays["number"].tolist()])
    memory.newest_ns = int(about["newest_ns"])
    memory.way_m = [(float(x), float(y), float(z)) for x, y, z in arrays["way_m"]]
    return memory


def _check(
    name: str, array: NDArray[Any], dtype: str, shape: tuple[int, ...], finite: bool = True
) -> None:
    if array.dtype != np.dtype(dtype) or array.shape != shape:
        raise ValueError(f"{name} is {array.shape} {array.dtype}")
    if finite and not np.isfinite(array).all():
        raise ValueError(f"{name} has numbers that are not finite")


def _broken(file: Path, error: Exception) -> MemoryFileError:
    reason = str(error) or type(error).__name__
    return MemoryFileError(f"{file.name} is no memory of tips_ros, or damaged ({reason})")
