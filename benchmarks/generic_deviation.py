#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the deviation that models get which were never calibrated, and tries it on what it left out.

Of each kind of data as many pixels count; cues are those that mean the same to every model. With
rooms of `training.render_held_out` and RGB-D bags:

    ./run exec python benchmarks/generic_deviation.py build/rooms BAG BAG \\
        --depth-topic /camera/aligned_depth_to_color/image_raw
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.datasets.rendered import PARTS
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.metrics.deviation import DeviationMetrics
from tips_ros.offline.evaluation_data import BagOptions, open_data
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.deviation.cues import cues_of, thin
from tips_ros.perception.deviation.fitting import coefficients
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.predictor import Predictor

_SETS = {"alone": ("constant", "slope"), "together": ("constant", "class_doubt")}
_PIXELS = 40_000  # of each kind of data


class Pixels(NamedTuple):
    """Pixels of one kind of data with measured depth, all (N,)."""

    cues: dict[str, NDArray[np.float32]]
    predicted_m: NDArray[np.float32]
    truth_m: NDArray[np.float32]


def pixels_of(predictor: Predictor, path: Path, depth_topic: str | None) -> Pixels:
    """Draws as many pixels of a dataset or a bag, from all of its images."""
    options = BagOptions() if (path / PARTS).exists() else BagOptions(depth_topic=depth_topic)
    parts: list[list[NDArray[np.float32]]] = []
    names = sorted({name for cues in _SETS.values() for name in cues})
    with open_data(path, None, options) as data:
        for sample in data.dataset:
            seen = predictor.encode(
                sample.rgb, predictor.outputs, label_spaces=[predictor.model_label_space]
            )
            cues = cues_of(seen.maps, predictor.focal_of(seen))
            assert seen.maps.depth is not None and sample.depth_m is not None
            depth_m = seen.maps.depth[0, 0].numpy()
            if sample.intrinsics is not None:
                ratio = predictor.description.focal_ratio
                depth_m = depth_m * np.float32(focal_scale(sample.intrinsics, ratio))
            rows, columns = (
                ((np.arange(n) + 0.5) * side / n).astype(int)
                for n, side in zip(depth_m.shape, sample.depth_m.shape, strict=True)
            )
            truth_m = thin(sample.depth_m[np.ix_(rows, columns)])
            counts = data.dataset.depth_protocol.mask(truth_m)
            maps = [*(cues[name][0, 0].numpy() for name in names), thin(depth_m), truth_m]
            parts.append([one[counts] for one in maps])
    drawn = np.random.default_rng(0)
    *cues_, depth, truth = (np.concatenate(part) for part in zip(*parts, strict=True))
    some = drawn.integers(0, len(truth), _PIXELS)
    return Pixels(
        {name: cue[some] for name, cue in zip(names, cues_, strict=True)}, depth[some], truth[some]
    )


def fitted(names: Sequence[str], kinds: Sequence[Pixels]) -> NDArray[np.float64]:
    """Coefficients of those cues, of all kinds together."""
    cues = np.concatenate([np.stack([kind.cues[n] for n in names], axis=1) for kind in kinds])
    ratios = np.concatenate([kind.truth_m / kind.predicted_m for kind in kinds])
    return np.array(coefficients(cues.astype(np.float64), ratios))


def told(names: Sequence[str], values: NDArray[np.float64], kind: Pixels) -> str:
    """Tells the quality of such a deviation."""
    stacked = np.stack([kind.cues[name] for name in names], axis=1)
    stddev_m = kind.predicted_m * np.exp(stacked @ values).astype(np.float32)
    metrics = DeviationMetrics(DepthProtocol(), calibrated=False)
    metrics.add(kind.predicted_m[None], stddev_m[None], kind.truth_m[None])
    found = metrics.result()
    assert found is not None
    return (
        f"{found.within_1_sigma:.0%} / {found.within_2_sigma:.0%} within 1 / 2 sigma, "
        f"sparsification {found.ause_abs_rel:.2f} AbsRel, {found.ause_rmse:.2f} RMSE"
    )


def main() -> None:
    """Prints the coefficients, and what each left-out kind of data says of the others' fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+", help="datasets and bags, two or more")
    parser.add_argument("--depth-topic", help="of the bags")
    parser.add_argument("--model", default="demo")
    args = parser.parse_args()
    predictor = load_predictor(args.model)
    kinds = [pixels_of(predictor, path, args.depth_topic) for path in args.data]
    for title, names in _SETS.items():
        values = fitted(names, kinds)
        print(title, {name: round(float(v), 2) for name, v in zip(names, values, strict=True)})
        for i, path in enumerate(args.data):
            others = fitted(names, kinds[:i] + kinds[i + 1 :])
            print(f"  {path.name}, fitted to the others: {told(names, others, kinds[i])}")


if __name__ == "__main__":
    main()
