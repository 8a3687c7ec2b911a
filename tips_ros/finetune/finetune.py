# SPDX-License-Identifier: Apache-2.0
"""The whole work: encode, train, write the model, and measure it against the one before."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch

from tips_ros import __version__
from tips_ros.evaluation.deviation_calibration import calibrate_deviation
from tips_ros.evaluation.evaluation import evaluate
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.evaluation.sample import Dataset
from tips_ros.finetune.cache import EncodedFrames
from tips_ros.finetune.card import compare, write_card
from tips_ros.finetune.directory import copied_files, write_directory
from tips_ros.finetune.recordings import Recordings
from tips_ros.finetune.training import Trained, TrainingSettings, train_head
from tips_ros.offline.fleet.manifest import sha256
from tips_ros.perception.deviation.fitting import TooLittle
from tips_ros.perception.loading.load import (
    choose_device,
    find_model,
    load_model,
    load_predictor,
)
from tips_ros.perception.loading.model_settings import SETTINGS_FILE, with_deviation
from tips_ros.perception.predictor import Predictor

_PRECISION = "fp32"  # of both measurements: they differ by the head alone


class Bar(Protocol):
    """A bar that tells of work."""

    def update(self, count: int = 1) -> None:
        """Adds to the number of units done."""

    def note(self, text: str) -> None:
        """Adds a note about the result so far."""


# Of a name, how many units, and what one is called.
OpenBar = Callable[[str, int, str], AbstractContextManager[Bar]]


class Outcome(NamedTuple):
    """Result of the work.

    Attributes:
        way: of the training.
        lines: for people: depth before and after.
        deviation: in a few words, what the new model's deviation of depth is fitted to.
    """

    way: Trained
    lines: list[str]
    deviation: str


class NoBetter(ValueError):
    """No weights did better on the watched frames than those that the model had."""


def fine_tune(
    model: str,
    recordings: Recordings,
    folder: Path,
    settings: TrainingSettings,
    *,
    device: str,
    open_bar: OpenBar,
) -> Outcome:
    """Adapts the depth head of a model, and writes a model directory.

    Args:
        model: see `load_model`.
        recordings: frames to learn from, to watch and to measure with.
        folder: empty; the model is written there.
        settings: of the training.
        device: where it runs, as torch names it; `auto` is the GPU where there is one.
        open_bar: how progress is told.

    Raises:
        ModelNotFound, CheckpointError: see `load_model` and `copied_files`.
        NoBetter: nothing was learnt that helps.
        ValueError: the model has no depth head, or no frame has depth within its range.
        KeyboardInterrupt: before or after the training; nothing of it is kept.
    """
    found, _ = find_model(model)
    copied = copied_files(found)
    loaded = load_model(model)
    description = loaded.description
    tips = loaded.tips.to(choose_device(device)).eval().requires_grad_(False)
    if tips.depth is None:
        raise ValueError(f"model {model} has no depth head, so there is nothing to adapt")
    with tempfile.TemporaryDirectory(prefix="tips_ros_finetune_") as place:

        def encode(name: str, dataset: Dataset) -> EncodedFrames:
            frames = EncodedFrames(Path(place), name, tips, description.input_size)
            with open_bar(f"encoding frames to {name}", len(dataset), "frame") as bar:
                frames.encode(dataset, description.focal_ratio, bar.update)
            if not frames.views:
                raise ValueError(f"no frame to {name} has measured depth")
            return frames

        learn, watch = encode("learn", recordings.learn), encode("watch", recordings.watch)
        with open_bar("training the depth head", settings.steps, "step") as bar:

            def tell(step: int, watched: float) -> None:
                bar.update()
                bar.note(f"watched frames are {100 * watched:.1f} % off")

            way = train_head(tips.depth, learn, watch, settings, tell)
    if not way.best_step:
        raise NoBetter(
            f"after {way.steps} steps no weights did better on the watched frames than those that "
            f"{model} has ({100 * way.watched_before:.1f} % off): nothing is written; record more, "
            "or try a lower --rate"
        )
    names = ", ".join(Path(bag.path).name for bag in recordings.bags if bag.learn)
    write_directory(folder, found, tips.depth, description, names)
    deviation = _fit_deviation(folder, recordings.watch, device, open_bar)
    before = _measure(model, recordings.held_out, "before", device, open_bar)
    after = _measure(str(folder), recordings.held_out, "after", device, open_bar)
    outcome = Outcome(way, compare(before, after), deviation)
    write_card(
        folder,
        {
            "model": description.name,
            "model_files": {file.name: sha256(file) for file in copied},
            "settings": settings.as_dict(),
            "way": way._asdict(),
            "versions": {"tips_ros": __version__, "torch": torch.__version__},
            "before": before.as_dict(),
            "after": after.as_dict(),
            "told": outcome.lines,
            "deviation": deviation,
        },
        recordings.bags,
    )
    return outcome


def _fit_deviation(folder: Path, watched: Dataset, device: str, open_bar: OpenBar) -> str:
    """Fits the deviation of the new head to the frames that it has not learnt from."""
    predictor = load_predictor(str(folder), device=device, precision=_PRECISION)
    about = f"{len(watched)} watched frames of {watched.name}"
    try:
        with open_bar("fitting the deviation", len(watched), "frame") as bar:
            fitted = calibrate_deviation(predictor, watched, about, bar.update)
    except TooLittle as error:
        return f"dropped, for the frames are too few to fit it ({error}): UNCALIBRATED"
    file = folder / SETTINGS_FILE
    file.write_text(with_deviation(file.read_text(encoding="utf-8"), fitted), encoding="utf-8")
    return f"fitted to {about}"


def _measure(
    model: str, dataset: Dataset, when: str, device: str, open_bar: OpenBar
) -> EvaluationResults:
    """Measures as `tips_ros eval` does, in fp32."""
    predictor: Predictor = load_predictor(model, device=device, precision=_PRECISION)
    predict: Any = partial(predictor.predict, outputs=("depth", "stddev"))
    with open_bar(f"measuring {when}", len(dataset), "frame") as bar:
        return evaluate(predict, dataset, predictor.description, {}, progress=bar.update)
