# SPDX-License-Identifier: Apache-2.0
"""A model in files for programs without Python: a graph, what goes before and after it, a trial.

The folder holds `tips.onnx` (weights beside it where they are large), `bundle.json`, and in
`trial/` a picture with what is to come of it, as plain numbers, little-endian and row by row.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tips_ros.model.engines.export import onnx_file
from tips_ros.model.engines.parity import parity_image
from tips_ros.model.engines.whole_graph import whole_graph
from tips_ros.model.precisions import precision_name
from tips_ros.perception.loading.assembly import LoadedModel
from tips_ros.perception.loading.backends import fit_for_size
from tips_ros.perception.preprocess import check_input_size, input_of_pixels
from tips_ros.perception.resizing import depth_at, normals_at
from tips_ros.perception.semantic.segmentation import label_map_at

SHEET, TRIAL = "bundle.json", "trial"
_GIVEN = "images"  # the graph's only input
FORMAT, VERSION = "tips_ros bundle", 1
_PICTURE = (240, 320)  # (H, W) of the trial's
# Of the largest value, and in which share of the values.
_EXACT, _ROUGH = (1e-3, 0.999), (0.05, 0.95)
_RESIZE_IN = (
    "to height and width of `shape`, bilinear with antialiasing (when it shrinks each new pixel is "
    "a mean, weighed by a triangle as wide as two new pixels), pixel centres half a pixel in, the "
    "aspect not kept; then divided by 255"
)
_AFTER = {
    "depth": "metres along z of the optical frame; bilinear to the picture's size",
    "normals": "unit vectors in the optical frame (x right, y down, z forward), facing the camera; "
    "bicubic to the picture's size, then each divided by its length",
    "logits": "bilinear to the picture's size, then the position of the largest; `ids` has what is "
    "published for each position",
}


class BundleRefused(ValueError):
    """A bundle that says something else than the model; nothing of it is of use."""


def write_bundle(
    loaded: LoadedModel, input_size: tuple[int, int], dtype: torch.dtype, folder: Path
) -> str:
    """Writes a model for one input size into an empty folder.

    Args:
        loaded: on the CPU in fp32; for fp16 maps are scaled to fit.
        input_size: (h, w) in pixels.
        dtype: of the products in the graph; its input and outputs are fp32.
        folder: is there.

    Returns:
        What it was tried with here; empty where nothing here reads it.

    Raises:
        EngineUnavailable: what writes ONNX is not installed.
        BundleRefused: tried here it says something else.
        ValueError: a size the patches do not fill, or a model without heads.
    """
    check_input_size(input_size, loaded.description.vit.patch, loaded.description.input_size)
    if dtype == torch.float16:
        fit_for_size(loaded.tips, input_size)
    part = whole_graph(loaded.tips, input_size)
    names: list[str] = part.module.names  # type: ignore[assignment]
    picture = (parity_image(_PICTURE)[0].permute(1, 2, 0) * 255).round().to(torch.uint8)
    with torch.inference_mode():
        images = input_of_pixels(picture, input_size, torch.float32)
        maps = dict(zip(names, part.module(images), strict=True))
    file = onnx_file(part, folder, dtype, ([_GIVEN], names))
    bound, share = _EXACT if dtype == torch.float32 else _ROUGH
    arrays = {"picture": picture.numpy(), _GIVEN: images.contiguous().numpy()}
    arrays |= {name: made.contiguous().numpy() for name, made in maps.items()}
    arrays |= _at_picture_size(maps)
    tried = _try(file, arrays[_GIVEN], {name: arrays[name] for name in names}, bound, share)
    description = loaded.description
    sheet: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "model": description.name,
        "variant": description.variant,
        "caution": description.caution,
        "precision": precision_name(dtype),
        "graph": file.name,
        "input": {
            "name": _GIVEN,
            "shape": list(images.shape),
            "type": "float32",
            "channels": "RGB",
            "layout": "batch, channel, row, column",
            "before": _RESIZE_IN,
        },
        "outputs": [
            {
                "name": name,
                "shape": list(maps[name].shape),
                "type": "float32",
                "after": _AFTER[name],
            }
            for name in names
        ],
        "classes": list(description.classes.names) if "logits" in names else [],
        "ids": list(description.classes.ids) if "logits" in names else [],
        "trial": {
            "tried_with": tried,
            "of_largest": bound,
            "share": share,
            "files": _write_trial(folder / TRIAL, arrays),
        },
    }
    text = json.dumps(sheet, indent=1, ensure_ascii=False)
    (folder / SHEET).write_text(text + "\n", encoding="utf-8")
    return tried


def _at_picture_size(maps: dict[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    """The results at the picture's size, which are to come of the maps."""
    made: dict[str, NDArray[Any]] = {}
    if (depth := maps.get("depth")) is not None:
        made["depth_at_picture"] = depth_at(depth[None], _PICTURE)[0].numpy()
    if (normals := maps.get("normals")) is not None:
        away = -normals.permute(0, 3, 1, 2)
        made["normals_at_picture"] = normals_at(away.contiguous(), _PICTURE)[0].numpy()
    if (logits := maps.get("logits")) is not None:
        made["labels_at_picture"] = label_map_at(logits.permute(0, 3, 1, 2), _PICTURE)[0][0].numpy()
    return made


def _write_trial(folder: Path, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Writes arrays as they lie in memory; by name, where and what they are."""
    folder.mkdir()
    told = {}
    for name, array in arrays.items():
        kind = "f32" if array.dtype == np.float32 else "u8"
        file = folder / f"{name}.{kind}"
        file.write_bytes(array.astype("<f4" if kind == "f32" else "u1", order="C").tobytes())
        told[name] = {
            "file": f"{TRIAL}/{file.name}",
            "shape": list(array.shape),
            "type": str(array.dtype),
        }
    return told


def _try(
    file: Path,
    images: NDArray[np.float32],
    expected: dict[str, NDArray[Any]],
    bound: float,
    share: float,
) -> str:
    """Runs the graph where ONNX Runtime is; what ran it, or nothing."""
    try:
        import onnxruntime
    except ImportError:
        return ""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
    except Exception:  # a precision that its CPU doesn't have, such as bf16
        return ""
    found = session.run(list(expected), {_GIVEN: images})
    for (name, true), one in zip(expected.items(), found, strict=True):
        within = np.abs(one - true) <= bound * np.abs(true).max()
        if not within.mean() >= share:
            raise BundleRefused(
                f"the graph says another {name} than the model ({1 - within.mean():.1%} of the "
                f"values are off by more than {bound:g} of the largest): choose another precision"
            )
    return f"ONNX Runtime {onnxruntime.__version__}, {platform.machine()} CPU"
