# SPDX-License-Identifier: Apache-2.0
"""Results of one image as files: arrays for programs, a cloud and a picture for people."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.catalogue import real_world_advice
from tips_ros.libraries import explain_missing
from tips_ros.offline.pictures.ground_files import GROUND_NAMES, save_ground
from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.cloud.cloud_strips import CloudStrips
from tips_ros.perception.cloud.ply import save_ply
from tips_ros.perception.cloud.point_cloud import Cloud
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.ground.ground import GroundView
from tips_ros.perception.images.drawn_picture import encode_drawn
from tips_ros.perception.language.tags import Tag
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.semantic.class_counts import class_counts
from tips_ros.perception.semantic.label_space import LabelSpace, model_label_space
from tips_ros.whole_file import stage_folder

logger = logging.getLogger(__name__)

NAMES = (
    "depth.npy",
    "depth_stddev.npy",
    "normals.npy",
    "semantic.npy",
    "confidence.npy",
    "classes.json",
    "points.ply",
    *GROUND_NAMES,
    "overview.png",
    "tags.json",
    "cls_embedding.npy",
    "second_cls_embedding.npy",
    "text_embedding.npy",
)
_NAMED_CLASSES, _NAMED_MISSED = 4, 12
_DRAWN_POINTS = 1 << 22  # in the view from above, which shows no more of more


@dataclass(frozen=True)
class ImageResults:
    """An image and all the results about it.

    Attributes:
        title: the image's name, for people.
        rgb: (H, W, 3) uint8, as it was given.
        prediction: at the outputs' size.
        description: of the model that saw it.
        cloud: CLOUD_DTYPE, whole or in strips, where the camera is known.
        prompted: the classes of the labels, where they are not the model's own.
        tags: texts and how well they fit, best first.
        embeddings: (D,) of unit length, by the name of their file without `.npy`.
        cloudless: why there is no cloud, for people.
        depth_caution: in a few words what depth is not, as "not metric: lens unknown".
        ground: the floor and what stands on it, where the camera is known.
    """

    title: str
    rgb: NDArray[np.uint8]
    prediction: Prediction
    description: ModelDescription
    cloud: Cloud | CloudStrips | None = None
    prompted: LabelSpace | None = None
    tags: Sequence[Tag] = ()
    embeddings: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    cloudless: str = ""
    depth_caution: str = ""
    ground: GroundView | None = None

    @property
    def label_space(self) -> LabelSpace:
        """The classes of the labels."""
        return self.prompted or model_label_space(self.description.classes)

    @property
    def asked_for(self) -> tuple[int, ...]:
        """The ids of the classes that somebody named: told of even where no pixel has them."""
        return self.prompted.classes.ids if self.prompted else ()


def write_results(results: ImageResults, folder: Path) -> Iterator[tuple[Path, str]]:
    """Writes the files, all of them or none; for each yields its path and one line about it.

    Files of these names from an earlier image go, so that none can be taken for this one's.

    Raises:
        OSError: a file or the folder cannot be written; what was there stays.
    """
    with stage_folder(folder, NAMES) as stage:
        written = list(_write_files(results, stage))
    for path, about in written:
        yield folder / path.name, about


def _write_files(results: ImageResults, folder: Path) -> Iterator[tuple[Path, str]]:
    prediction = results.prediction
    if prediction.depth_m is not None:
        yield _save_array(folder / "depth.npy", prediction.depth_m, _depth_told(prediction.depth_m))
    if prediction.stddev_m is not None:
        yield _save_array(folder / "depth_stddev.npy", prediction.stddev_m, _stddev_told(results))
    if prediction.normals is not None:
        about = "unit vectors, x right, y down, z forward, facing the camera"
        yield _save_array(folder / "normals.npy", prediction.normals, about)
    if prediction.labels is not None:
        about = f"class ids: {largest_classes(results)}"
        yield _save_array(folder / "semantic.npy", prediction.labels, about)
        if prediction.confidence is not None:
            about = "margin of that class over the second, 0 to 255"
            yield _save_array(folder / "confidence.npy", prediction.confidence, about)
        table = class_table(results.description, results.label_space)
        about = f"{len(table['classes'])} classes: ids, names, colours"
        yield _save_json(folder / "classes.json", table, about)
    points = None
    if results.cloud is not None:
        path = folder / "points.ply"
        points = save_ply(path, results.cloud)
        yield path, f"{points:,} points, metres in the optical frame"
    if results.ground is not None:
        yield from save_ground(folder, results.ground, results.rgb)
    if any(array is not None for array in prediction):
        try:
            yield _save_overview(folder / "overview.png", results, points)
        except ImportError as error:
            _say_once(explain_missing(error) or str(error))
    if results.tags:
        about = f"{len(results.tags)} tags, best first"
        yield _save_json(folder / "tags.json", tag_table(results), about)
    for name, embedding in results.embeddings.items():
        yield _save_array(folder / f"{name}.npy", embedding, "unit length")


def class_table(description: ModelDescription, label_space: LabelSpace) -> dict[str, Any]:
    """The labels' classes with their ids and colours (RGB), and whether the model was trained."""
    palette = label_space.classes.palette()
    table: dict[str, Any] = {
        "model": description.name,
        "variant": description.variant,
        "trained": description.trained,
        "source": label_space.source,
    }
    if not description.trained:
        table["warning"] = "untrained: random weights, the labels mean nothing"
    table["unlabelled"] = UNLABELLED
    table["classes"] = [
        {"id": i, "name": name, "color": palette[i].tolist()}
        for i, name in label_space.classes.by_id().items()
    ]
    return table


def tag_table(results: ImageResults) -> dict[str, Any]:
    """The tags, best first, with what their probabilities rest on."""
    return {
        "model": results.description.name,
        "variant": results.description.variant,
        "trained": results.description.trained,
        "temperature": results.description.temperature,
        "tags": [tag._asdict() for tag in results.tags],
    }


def _save_array(path: Path, array: NDArray[Any], about: str) -> tuple[Path, str]:
    np.save(path, array)
    shape = "x".join(str(side) for side in array.shape)
    return path, f"{shape} {array.dtype}, {about}"


def _save_json(path: Path, table: dict[str, Any], about: str) -> tuple[Path, str]:
    path.write_text(json.dumps(table, indent=1) + "\n")
    return path, about


def _depth_told(depth_m: NDArray[np.float32]) -> str:
    told = depth_m[np.isfinite(depth_m)]
    span = f"{told.min():.2f} to {told.max():.2f}" if told.size else "none of them told"
    farther = np.count_nonzero(np.isposinf(depth_m)) / depth_m.size
    beyond = f"; inf, farther than the model can tell, for {farther:.1%} of px" if farther else ""
    return f"metres along z, {span}{beyond}"


def _stddev_told(results: ImageResults) -> str:
    stddev_m, depth_m = results.prediction.stddev_m, results.prediction.depth_m
    assert stddev_m is not None and depth_m is not None
    told = np.isfinite(stddev_m)
    share = f"{np.median(stddev_m[told] / depth_m[told]):.0%}" if told.any() else "nothing"
    fitted = "" if results.description.deviation.is_calibrated else ", UNCALIBRATED"
    return f"metres, deviation of the depth: {share} of it in the median{fitted}"


def largest_classes(results: ImageResults) -> str:
    """The classes of most pixels with their shares, in a line; there must be labels.

    What was asked for and is not there is named, too.
    """
    labels = results.prediction.labels
    assert labels is not None
    names = results.label_space.classes.by_id()
    counts = class_counts(labels)
    by_size = [int(i) for i in np.argsort(-counts, kind="stable")]
    prediction = [i for i in by_size if counts[i]]
    missed = [i for i in results.asked_for if not counts[i]]
    named = [*prediction[:_NAMED_CLASSES], *missed[:_NAMED_MISSED]]
    shown = ", ".join(
        f"{names.get(i, 'unlabelled')} {_share_told(counts[i] / labels.size)}" for i in named
    )
    more = [f"{count} more" for count in [len(prediction) - _NAMED_CLASSES] if count > 0]
    more += [f"{count} more of 0%" for count in [len(missed) - _NAMED_MISSED] if count > 0]
    return " and ".join([shown, *more])


def _share_told(share: float) -> str:
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _reasons(results: ImageResults) -> dict[str, str]:
    """Panel of the sheet → why it is empty."""
    heads = results.description.heads
    reasons = {"Cloud from above": results.cloudless}
    for panel, head in (("Depth", "depth"), ("Surface normals", "normals")):
        if head not in heads:
            reasons[panel] = f"model {results.description.name} has no {head} head"
    if "segmentation" not in heads:
        reasons |= dict.fromkeys(
            ("Classes", "Largest classes"),
            f"model {results.description.name} has no segmentation head; --prompts names classes",
        )
    return {panel: why for panel, why in reasons.items() if why}


@cache
def _say_once(line: str) -> None:
    logger.warning("%s", line)


def _save_overview(path: Path, results: ImageResults, points: int | None) -> tuple[Path, str]:
    # It takes matplotlib, which a robot does without.
    from tips_ros.perception.overview.sheet import overview

    prediction, description, classes = (
        results.prediction,
        results.description,
        results.label_space.classes,
    )
    cloud = results.cloud
    if isinstance(cloud, CloudStrips):
        cloud = cloud.thin(_DRAWN_POINTS)
    sheet = overview(
        results.rgb,
        prediction.depth_m,
        prediction.normals,
        prediction.labels,
        classes.palette(),
        classes.by_id(),
        cloud,
        asked_for=results.asked_for,
        points=points,
        title_lines=[results.title, f"model {description.name} ({description.variant})"],
        trained=description.trained,
        footer=real_world_advice() if description.caution else "",
        caution=description.caution,
        depth_caution=results.depth_caution,
        stddev_m=prediction.stddev_m,
        stddev_caution="" if description.deviation.is_calibrated else "uncalibrated",
        reasons=_reasons(results),
        ground=results.ground,
    )
    path.write_bytes(encode_drawn(sheet))
    return path, "everything on one sheet"
