#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Methods that turn blunt patch scores into masks, compared by overlap, outline and time.

Ruler "rooms": a model's cosines of value features with class names, on rendered rooms it was not
trained on. Ruler "photos": no network; labels of real photographs averaged over patches of 14
pixels, plus Gaussian noise. Prints Markdown tables. Make the rooms first, with
`python -m training.render_held_out`; then
`./run exec python benchmarks/mask_edges.py --photos FOLDER`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.evaluation.datasets.rendered import Rendered
from tips_ros.evaluation.metrics.boundary import BoundaryMetrics
from tips_ros.evaluation.metrics.segmentation import SegmentationMetrics
from tips_ros.evaluation.sample import IGNORED
from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.language.text_embedder import TextEmbedder
from tips_ros.perception.loading.load import load_with_text
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.preprocess import network_input
from tips_ros.perception.semantic.edges import Guide, sharpen
from tips_ros.perception.semantic.segmentation import label_map_at
from tips_ros.perception.semantic.zero_shot import cosine_map

PHOTO_SIZE, PATCH, NOISE = (448, 448), 14, 0.15
GUIDED_RADIUS_PX, GUIDED_EPSILON = 8, 1e-3
BILINEAR = "bilinear"

Upsampling = Callable[[Tensor, Guide], Tensor]


def nearest(scores: Tensor, guide: Guide) -> Tensor:
    """A patch's score for each of its pixels."""
    return F.interpolate(scores, size=guide.images.shape[-2:], mode="nearest")


def bilinear(scores: Tensor, guide: Guide) -> Tensor:
    """Returns the scores unchanged: `label_map_at` is bilinear."""
    return scores


def guided_filter(scores: Tensor, guide: Guide) -> Tensor:
    """He, Sun and Tang, "Guided Image Filtering", ECCV 2010, by luminance, of bilinear scores."""
    size = guide.images.shape[-2:]
    p = F.interpolate(scores, size=size, mode="bilinear", align_corners=False)
    side = 2 * GUIDED_RADIUS_PX + 1

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, side, 1, GUIDED_RADIUS_PX, count_include_pad=False)

    light = guide.images.mean(dim=1, keepdim=True)
    m = mean(light)
    slope = (mean(light * p) - m * mean(p)) / (mean(light * light) - m * m + GUIDED_EPSILON)
    return mean(slope) * light + mean(mean(p) - slope * m)


def by_colours(scores: Tensor, guide: Guide) -> Tensor:
    """Ours where no head runs beside."""
    return sharpen(scores, Guide(guide.images))


METHODS: dict[str, Upsampling] = {
    "nearest": nearest,
    BILINEAR: bilinear,
    f"guided filter, r {GUIDED_RADIUS_PX} px, ε {GUIDED_EPSILON:g}": guided_filter,
    "superpixels, by colours": by_colours,
    "superpixels, by colours, depth, normals": sharpen,
}


class Case(NamedTuple):
    """One picture's scores and what they should become."""

    scores: Tensor  # (1, K, h, w)
    guide: Guide
    truth: NDArray[np.uint8]  # (H, W)
    ids: NDArray[np.uint8]  # (K,) of the truth


class Score(NamedTuple):
    """Percent."""

    mean_iou: float
    boundary_f: float


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="demo")
    parser.add_argument("--rooms", type=Path, default=Path("build/held_out"))
    parser.add_argument("--first", type=int, default=100, help="room (default: %(default)s)")
    parser.add_argument("--count", type=int, default=100, help="rooms (default: %(default)s)")
    parser.add_argument(
        "--photos",
        type=Path,
        action="append",
        default=[],
        help="a folder of photos NAME.jpg and masks NAME.png, 0 = unlabelled, as ADE20K has them",
    )
    parser.add_argument(
        "--frames", type=int, default=20, help="to time; 0: none (default: %(default)s)"
    )
    args = parser.parse_args()
    with torch.inference_mode():
        predictor, embedder = load_with_text(args.model, precision="fp32")
        rooms = Rendered(args.rooms)
        table: dict[str, dict[str, Score]] = {}
        names = list(rooms.class_names.values())
        listed = {"rooms, names": [[name] for name in names]}
        if (kept_back := args.rooms / "kept_back.txt").is_file():
            listed["rooms, other words"] = other_words(kept_back, names)
        for ruler, words in listed.items():
            some = partial(islice, rooms, args.first, args.first + args.count)
            embeddings = embedder.class_embeddings(words)
            table[ruler] = measured(room_cases(some(), predictor, embeddings, [*rooms.class_names]))
        for folder in args.photos:
            table[f"photos, {folder.name}"] = measured(photo_cases(folder))
        print_scores(table)
        if args.frames:
            picture = next(iter(rooms)).rgb
            print_times(times(predictor, embedder, picture, names, args.frames))


def other_words(path: Path, names: Sequence[str]) -> list[list[str]]:
    """Words that training kept back, `name: word | word` a line, in the order of the names."""
    lines = [line.partition(":") for line in path.read_text().splitlines() if ":" in line]
    words = {name.strip(): [w.strip() for w in rest.split("|")] for name, _, rest in lines}
    return [words.get(name, [name]) for name in names]


def room_cases(
    samples: Iterator, predictor: Predictor, embeddings: Tensor, ids: Sequence[int]
) -> Iterator[Case]:
    """Cases of rendered rooms, with the scores of the model's value features."""
    for sample in samples:
        x = network_input(sample.rgb, predictor.input_size, predictor.device, predictor.dtype)
        maps, features = predictor.model.forward_features(
            x, ("depth", "normals"), value_features=True
        )
        scores = cosine_map(features.value_features, features.grid, embeddings.to(x.device))
        guide = Guide(x.float(), maps.depth, maps.normals)
        yield Case(scores, guide, sample.labels, np.array(ids, np.uint8))


def photo_cases(folder: Path) -> Iterator[Case]:
    """Averaged labels with noise, the same for each method. Unlabelled is a class, not judged."""
    photos = sorted(folder.glob("*.jpg"))
    assert photos, f"{folder} holds no NAME.jpg"
    for number, path in enumerate(photos):
        mask = cv2.imread(str(path.with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
        truth = cv2.resize(mask - np.uint8(1), PHOTO_SIZE[::-1], interpolation=cv2.INTER_NEAREST)
        rgb = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        rgb = cv2.resize(rgb, PHOTO_SIZE[::-1], interpolation=cv2.INTER_AREA)
        ids = np.unique(truth)
        one_hot = torch.from_numpy(truth[None] == ids[:, None, None]).float()[None]
        scores = F.avg_pool2d(one_hot, PATCH)
        random = torch.Generator().manual_seed(number)
        scores = scores + NOISE * torch.randn(scores.shape, generator=random)
        images = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
        yield Case(scores, Guide(images), truth, ids)


def measured(cases: Iterator[Case]) -> dict[str, Score]:
    """Each method on all cases: mIoU over all pixels together, and mean boundary F."""
    ious = {name: SegmentationMetrics() for name in METHODS}
    outline = {name: BoundaryMetrics() for name in METHODS}
    used: set[str] = set()
    for case in cases:
        for name, method in METHODS.items():
            if method is sharpen and case.guide.depth is None:
                continue
            used.add(name)
            found = label_map_at(method(case.scores, case.guide), case.truth.shape[:2]).labels
            labels = case.ids[found[0].cpu().numpy()]
            judged = np.where(case.truth == IGNORED, IGNORED, labels)
            ious[name].add(labels, case.truth)
            outline[name].add(judged, case.truth)
    scores = {}
    for name in METHODS:
        covered, outlined = ious[name].result(), outline[name].result()
        if name in used and covered is not None and outlined is not None:
            scores[name] = Score(100 * covered.mean_iou, 100 * outlined.f)
    return scores


def times(
    predictor: Predictor,
    embedder: TextEmbedder,
    rgb: NDArray[np.uint8],
    names: Sequence[str],
    frames: int,
) -> dict[str, dict[int, float]]:
    """Method → classes → median ms from patch scores to labels; "" → the model, all its heads.

    The model and all methods take turns, so that other work on the machine hits all alike.
    """
    lists = {len(words): words for words in (list(names), list(ade20k().names))}
    cases = {}
    for k, words in lists.items():
        x = network_input(rgb, predictor.input_size, predictor.device, predictor.dtype)
        maps, features = predictor.model.forward_features(
            x, ("depth", "normals"), value_features=True
        )
        embeddings = embedder.class_embeddings([[word] for word in words]).to(x.device)
        scores = cosine_map(features.value_features, features.grid, embeddings)
        cases[k] = scores, Guide(x.float(), maps.depth, maps.normals)
    taken: dict[tuple[str, int], list[float]] = {}

    def lap(name: str, k: int, work: Callable[[], object]) -> None:
        start = time.perf_counter()
        work()
        if predictor.device.type == "cuda":
            torch.cuda.synchronize()
        taken.setdefault((name, k), []).append(1e3 * (time.perf_counter() - start))

    def labelled(method: Upsampling, scores: Tensor, guide: Guide) -> object:
        return label_map_at(method(scores, guide), rgb.shape[:2])

    for _ in range(frames + 2):
        lap("", 0, lambda: predictor.predict(rgb))
        for k, case in cases.items():
            for name, method in METHODS.items():
                lap(name, k, partial(labelled, method, *case))
    found: dict[str, dict[int, float]] = {}
    for (name, k), ms in taken.items():
        found.setdefault(name, {})[k] = float(np.median(ms[2:]))
    return found


def print_scores(table: dict[str, dict[str, Score]]) -> None:
    """mIoU / boundary F of each method and ruler."""
    print("| mIoU / boundary F within 3 px, % | " + " | ".join(table) + " |")
    print("|---" * (len(table) + 1) + "|")
    for name in METHODS:
        cells = [
            f"{of[name].mean_iou:.1f} / {of[name].boundary_f:.1f}" if name in of else "–"
            for of in table.values()
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")


def print_times(found: dict[str, dict[int, float]]) -> None:
    """Milliseconds from scores to labels; what is more than bilinear, as a share."""
    model_ms = found.pop("")[0]
    counts = list(found[BILINEAR])
    print(f"\n| of a model that takes {model_ms:.0f} ms | ", end="")
    print(" | ".join(f"{k} classes" for k in counts) + " |")
    print("|---" * (len(counts) + 1) + "|")
    for name, of in found.items():
        cells = [
            f"{of[k]:.1f} ms ({100 * (of[k] - found[BILINEAR][k]) / model_ms:+.0f} %)"
            for k in counts
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
