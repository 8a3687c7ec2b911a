# SPDX-License-Identifier: Apache-2.0
"""What was seen in one image, as files: arrays for programs, a cloud and a picture for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.description import ModelDescription
from tips_ros.perception.overview import overview
from tips_ros.perception.ply import save_ply
from tips_ros.perception.point_cloud import UNLABELLED, Cloud
from tips_ros.perception.predictor import Prediction

NAMES = (
    "depth.npy",
    "normals.npy",
    "semantic.npy",
    "confidence.npy",
    "classes.json",
    "points.ply",
    "overview.png",
)
_NAMED_CLASSES = 4


@dataclass(frozen=True)
class Results:
    """An image and what was seen in it.

    Attributes:
        title: the image's name, for people.
        rgb: (H, W, 3) uint8, as it was given.
        prediction: at the outputs' size.
        description: of the model that saw it.
        cloud: CLOUD_DTYPE, where the camera is known.
    """

    title: str
    rgb: NDArray[np.uint8]
    prediction: Prediction
    description: ModelDescription
    cloud: Cloud | None = None


def write_results(results: Results, folder: Path) -> Iterator[tuple[Path, str]]:
    """Writes the files one by one; for each yields its path and one line about it.

    Files of these names from an earlier image go first, so that none can be taken for this one's.

    Raises:
        OSError: a file or the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / name).unlink(missing_ok=True)
    seen = results.prediction
    if seen.depth_m is not None:
        nearest, farthest = float(seen.depth_m.min()), float(seen.depth_m.max())
        about = f"metres along z, {nearest:.2f} to {farthest:.2f}"
        yield _save_array(folder / "depth.npy", seen.depth_m, about)
    if seen.normals is not None:
        about = "unit vectors, x right, y down, z forward, facing the camera"
        yield _save_array(folder / "normals.npy", seen.normals, about)
    if seen.labels is not None and seen.confidence is not None:
        about = f"class ids: {_largest_classes(results)}"
        yield _save_array(folder / "semantic.npy", seen.labels, about)
        about = "probability of that class, 0 to 255"
        yield _save_array(folder / "confidence.npy", seen.confidence, about)
        path = folder / "classes.json"
        path.write_text(json.dumps(class_table(results.description), indent=1) + "\n")
        yield path, f"{len(results.description.classes)} classes: ids, names, colours"
    if results.cloud is not None:
        path = folder / "points.ply"
        yield path, f"{save_ply(path, results.cloud):,} points, metres in the optical frame"
    yield _save_overview(folder / "overview.png", results)


def class_table(description: ModelDescription) -> dict[str, Any]:
    """The model's classes with their ids and colours (RGB), and whether the model was trained."""
    palette = description.classes.palette()
    table: dict[str, Any] = {
        "model": description.name,
        "variant": description.variant,
        "trained": description.trained,
    }
    if not description.trained:
        table["warning"] = "untrained: random weights, the labels mean nothing"
    table["unlabelled"] = UNLABELLED
    table["classes"] = [
        {"id": i, "name": name, "color": palette[i].tolist()}
        for i, name in enumerate(description.classes.names)
    ]
    return table


def _save_array(path: Path, array: NDArray[Any], about: str) -> tuple[Path, str]:
    np.save(path, array)
    shape = "x".join(str(side) for side in array.shape)
    return path, f"{shape} {array.dtype}, {about}"


def _largest_classes(results: Results) -> str:
    labels = results.prediction.labels
    assert labels is not None
    names = results.description.classes.names
    counts = np.bincount(labels.ravel(), minlength=256)
    order = np.argsort(-counts, kind="stable")[: int(np.count_nonzero(counts))]
    shown = ", ".join(f"{names[i]} {counts[i] / labels.size:.0%}" for i in order[:_NAMED_CLASSES])
    more = len(order) - _NAMED_CLASSES
    return shown + (f" and {more} more" if more > 0 else "")


def _save_overview(path: Path, results: Results) -> tuple[Path, str]:
    seen, description = results.prediction, results.description
    sheet = overview(
        results.rgb,
        seen.depth_m,
        seen.normals,
        seen.labels,
        description.classes.palette(),
        description.classes.names,
        results.cloud,
        title_lines=[results.title, f"model {description.name} ({description.variant})"],
        trained=description.trained,
    )
    written, png = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    assert written
    path.write_bytes(png.tobytes())
    return path, "everything on one sheet"
