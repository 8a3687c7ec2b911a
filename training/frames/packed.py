# SPDX-License-Identifier: Apache-2.0
"""A frame store in a twentieth of its bytes, in files of a given size, to train with elsewhere.

A frame becomes three WebP images: the picture (lossy), its depth in steps of 0.5 % (at most 0.3 %
off), and its normals (folded onto an octahedron, at most 1.1° off) with its classes. A file holds
some views of every scene, so that the first one alone has all rooms in it; `checked.npz` holds the
last scenes, which are not learnt from. Nothing is packed twice: a stopped packing goes on.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.frames.frame_store import CHECKED_SCENES, FrameStore, StoredFrame

CHECKED, MANIFEST = "checked.npz", "packed.json"
_SCENES = "scenes"  # folder of the scenes that are packed, one file each
_QUALITY, _LOSSLESS = 82, 101
_STEP, _NEAREST_M = 0.005, 0.03  # of ln depth; what is nearer is moved to there
_PARTS = 3  # images of a frame


def pack_scenes(
    store: FrameStore, output: Path, views: int, processes: int | None = None
) -> None:
    """Packs some views of every scene that is rendered and not packed yet."""
    (output / _SCENES).mkdir(parents=True, exist_ok=True)
    missing = set(store.missing())
    files = {scene: _scene_file(output, store.first + scene) for scene in range(store.scenes)}
    jobs = [(store.directory, scene, views, file) for scene, file in files.items()
            if scene not in missing and not file.exists()]  # fmt: skip
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        work = pool.imap_unordered(_pack_scene, jobs)
        for _ in tqdm(work, total=len(jobs), desc="packing", unit="scene", mininterval=5):
            pass


def write_files(output: Path, megabytes: float) -> list[Path]:
    """The packed scenes in files below a size, some views of all scenes in each.

    Returns:
        `checked.npz` and the others, in the order in which they are best read.
    """
    scenes = []
    files = sorted((output / _SCENES).glob("*.npz"), key=lambda file: int(file.stem))
    for file in files:
        with np.load(file, allow_pickle=False) as packed:  # noqa: TID251
            scenes.append(list(_split(packed["bytes"], packed["lengths"], packed["focal_ratio"])))
    learnt, checked = scenes[:-CHECKED_SCENES], scenes[-CHECKED_SCENES:]
    written = [_write(output / CHECKED, [frame for scene in checked for frame in scene])]
    by_view = [frame for views in zip(*learnt, strict=True) for frame in views]
    limit, start, size = megabytes * 2**20 * 0.995, 0, 0
    for end, (parts, _) in enumerate(by_view):
        size += sum(map(len, parts)) + 4 * (_PARTS + 1)
        if size > limit:
            written.append(_write(output / f"learnt_{len(written):02}.npz", by_view[start:end]))
            start, size = end, sum(map(len, parts))
    written.append(_write(output / f"learnt_{len(written):02}.npz", by_view[start:]))
    counts = {"learnt": len(by_view), "scenes": len(learnt), "rooms_below": int(files[-1].stem) + 1}
    (output / MANIFEST).write_text(json.dumps(counts))
    return written


def first_unpacked_room(directory: Path) -> int:
    """The first room number of which, and of those after it, nothing is packed; 0 if not known.

    Rooms of `checked.npz` count, too: what is checked with must not be learnt.
    """
    manifest = directory / MANIFEST
    if not manifest.is_file():
        return 0
    said = json.loads(manifest.read_text())
    return int(said.get("rooms_below", said["scenes"] + CHECKED_SCENES))


def unpack(file: Path, threads: int | None = None) -> StoredFrame:
    """The frames of a packed file: arrays as a frame store's, the first axis is the frame."""
    with np.load(file, allow_pickle=False) as packed:  # noqa: TID251
        frames = list(_split(packed["bytes"], packed["lengths"], packed["focal_ratio"]))
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        unpacked = list(pool.map(_unpacked, frames))
    return StoredFrame(*(np.stack(part) for part in zip(*unpacked, strict=True)))


Parts = list[NDArray[np.uint8]]  # of one frame: picture, depth, and normals with classes


def pack(frame: StoredFrame) -> Parts:
    """One frame as three compressed images."""
    depth = frame.depth_m.astype(np.float32)
    steps = np.rint(np.log(np.maximum(depth, _NEAREST_M) / _NEAREST_M) / _STEP) + 1
    codes = np.where(depth > 0, steps, 0).astype(np.uint16)
    halves = (codes & 255).astype(np.uint8), (codes >> 8).astype(np.uint8)
    images = (
        (frame.rgb[..., ::-1], _QUALITY),
        (np.dstack([*halves, np.zeros_like(halves[0])]), _LOSSLESS),
        (np.dstack([_folded(frame.normals), frame.classes]), _LOSSLESS),
    )
    return [cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].ravel()
            for image, quality in images]  # fmt: skip


def _unpacked(frame: tuple[Parts, np.float32]) -> StoredFrame:
    picture, depth, rest = (cv2.imdecode(part, cv2.IMREAD_COLOR) for part in frame[0])
    codes = depth[..., 0] | depth[..., 1].astype(np.uint16) << 8
    folded = rest[..., 0] | rest[..., 1].astype(np.uint16) << 8
    return StoredFrame(
        picture[..., ::-1],
        _DEPTHS[codes],
        _NORMALS[folded],
        rest[..., 2],
        np.asarray(frame[1], np.float32),
    )


def _folded(normals: NDArray[np.int8]) -> NDArray[np.uint8]:
    """(H, W, 3) → (H, W, 2): the octahedron unfolded onto a square; (0, 0) for no normal."""
    n = normals.astype(np.float32)
    length = np.abs(n).sum(axis=-1, keepdims=True)
    n /= np.maximum(length, 1)
    x = n[..., :2]
    behind = (1 - np.abs(x[..., ::-1])) * np.where(x >= 0, 1, -1)
    x = np.where(n[..., 2:] > 0, behind, x)  # most look towards the camera
    return np.where(length > 60, np.rint(x * 127) + 128, 0).astype(np.uint8)


def _all_depths() -> NDArray[np.float16]:
    depths = _NEAREST_M * np.exp(_STEP * (np.arange(2**16, dtype=np.float64) - 1))
    depths[0] = 0
    return np.minimum(depths, np.finfo(np.float16).max).astype(np.float16)


def _all_normals() -> NDArray[np.int8]:
    """(65536, 3) what `_folded` made into each pair of bytes."""
    code = np.arange(2**16)
    x = (np.stack([code & 255, code >> 8], axis=-1) - 128) / 127
    z = np.abs(x).sum(axis=-1, keepdims=True) - 1
    x = np.where(z > 0, (1 - np.abs(x[:, ::-1])) * np.where(x >= 0, 1, -1), x)
    normals = np.concatenate([x, z], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals[0] = 0
    return np.rint(normals * 127).astype(np.int8)


_DEPTHS, _NORMALS = _all_depths(), _all_normals()


def _pack_scene(job: tuple[Path, int, int, Path]) -> None:
    directory, scene, packed_views, file = job
    store = FrameStore.opened(directory)
    frames, begin = store.frames, scene * store.views
    numbers = range(begin, begin + packed_views)
    packed = [pack(StoredFrame(*(array[n] for array in frames))) for n in numbers]
    new = file.with_suffix(".new")
    _write(new, list(zip(packed, frames.focal_ratio[numbers], strict=True)))
    os.replace(new, file)


def _scene_file(output: Path, room: int) -> Path:
    return output / _SCENES / f"{room}.npz"


def _split(
    data: NDArray[np.uint8], lengths: NDArray[Any], focal_ratio: NDArray[np.float32]
) -> Iterator[tuple[Parts, np.float32]]:
    parts = np.split(data, np.cumsum(lengths.ravel())[:-1])
    for i, ratio in enumerate(focal_ratio):
        yield parts[_PARTS * i : _PARTS * (i + 1)], ratio


def _write(file: Path, frames: list[tuple[Parts, np.float32]]) -> Path:
    lengths = np.array([[len(part) for part in parts] for parts, _ in frames], np.uint32)
    data = np.concatenate([part for parts, _ in frames for part in parts])
    ratios = np.array([ratio for _, ratio in frames], np.float32)
    with open(file, "wb") as stream:
        np.savez(stream, bytes=data, lengths=lengths, focal_ratio=ratios)
    return file
