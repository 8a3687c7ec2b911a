# SPDX-License-Identifier: Apache-2.0
"""The lines that `tips_ros infer` prints about a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tips_ros.catalogue import real_world_advice
from tips_ros.commands.picture.results import PictureResults
from tips_ros.offline.pictures.result_files import largest_classes
from tips_ros.offline.scale_line import scale_line
from tips_ros.perception.language.tags import Tag
from tips_ros.progress import say

UNTRAINED = "UNTRAINED model: random weights, the outputs mean nothing."


def tell(outcome: PictureResults, folder: Path, written: Sequence[tuple[Path, str]]) -> None:
    """Prints everything about one picture."""
    results, scale = outcome
    description, prediction = results.description, results.prediction
    size = f"{results.rgb.shape[1]}x{results.rgb.shape[0]}"
    print(f"{results.title} ({size}), model {description.name}")
    if not description.trained:
        print(UNTRAINED)
    if description.caution:
        print(f"  {description.caution}")
        print(f"  {real_world_advice()}")
    if prediction.labels is not None and prediction.confidence is None:
        print("no confidence.npy: the model has no temperature; set it in model.yaml")
    if prediction.depth_m is not None:
        missing = scale.note and "; give --hfov-deg or --camera-info to make it metric"
        print(f"  {scale_line(scale)}{missing}")
    for path, about in written:
        print(f"  {path}: {about}{'' if description.trained else ' (untrained)'}")


def summary(outcome: PictureResults) -> str:
    """Summarises one of several pictures in a line."""
    results = outcome.results
    told = [] if results.description.trained else ["UNTRAINED"]
    if results.prediction.labels is not None:
        told.append(largest_classes(results))
    if results.depth_caution and results.prediction.depth_m is not None:
        told.append(f"depth {results.depth_caution}")
    return "; ".join(told) or "written"


def say_tags(tags: Sequence[Tag], temperature: float | None) -> None:
    if not tags:
        return
    if temperature is None:
        say("tags by cosine; no probabilities: the model has no temperature; set it in model.yaml")
    else:
        say(f"tags by probability among these (temperature {temperature:.4g}):")
    width = max(len(tag.text) for tag in tags)
    for tag in tags:
        share = "" if tag.probability is None else f"{tag.probability:8.2%}"
        say(f"  {tag.text:<{width}}{share}  cosine {tag.cosine:+.4f}")
