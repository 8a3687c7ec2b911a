#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times a model's heads as they were loaded against the same heads rewritten, in turns.

Run it with `./run exec python benchmarks/head_rewrites.py`; `--variant B --size 448` is the
released size, with random numbers in it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from tips_ros.model.fast import rewrite_heads
from tips_ros.model.fast.onednn import use_onednn
from tips_ros.model.fast.winograd import use_winograd
from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.tips import DenseMaps, Tips
from tips_ros.model.variants import variant_named
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.loading.load import load_model
from tips_ros.perception.loading.precisions import FLOATS
from tips_ros.process.freed_memory import keep_freed_memory

CHANNELS, CLASSES = 256, 150  # of the released heads
WINOGRAD, ONEDNN = "and Winograd", "and oneDNN"
ROWS = ("backbone", "depth", "normals", "segmentation", "all")


class Timed(NamedTuple):
    """One row of the table, for one way to compute it."""

    ms: float
    gflop: float  # on a CPU torch doesn't count attention
    error: float  # largest difference from the plain way's result, as a fraction of the largest


def main() -> None:
    """Prints a table, times and ratios to the first column, and a JSON line with all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="demo", help="a model (default: %(default)s)")
    parser.add_argument("--variant", help="S, B, L, SO400m or g with random weights, instead")
    parser.add_argument("--size", type=int, default=224, help="side in pixels")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--precision", default="fp32", choices=FLOATS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    tips = of_variant(args.variant) if args.variant else load_model(args.model).tips
    ways = {
        "plain": tips,
        "one convolution": rewrite_heads(tips, early=False),
        "rewritten": rewrite_heads(tips),
        WINOGRAD: use_winograd(rewrite_heads(tips)),
        ONEDNN: use_onednn(use_winograd(rewrite_heads(tips))),
    }
    dtype = FLOATS[args.precision]
    ways = {name: way.to(dtype, memory_format=torch.channels_last) for name, way in ways.items()}
    table = measure(ways, args.size, args.rounds, dtype)
    print_table(table)
    facts = {"model": args.variant or args.model, **vars(args), "torch": torch.__version__}
    rows = {row: {way: timed._asdict() for way, timed in of.items()} for row, of in table.items()}
    print(json.dumps(facts | {"rows": rows}))


@torch.inference_mode()
def measure(
    ways: dict[str, Tips], size: int, rounds: int, dtype: torch.dtype
) -> dict[str, dict[str, Timed]]:
    """Every row for every way, each round in turns; medians. Heads are timed without backbone."""
    images = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(dtype)
    plain = next(iter(ways.values()))
    layers = plain.backbone(images, plain.taps).layers
    table = {}
    for row in ROWS:
        if row in ("depth", "normals", "segmentation") and row not in plain.head_names:
            continue
        jobs = {name: job(row, way, images, layers) for name, way in ways.items()}
        results, gflop = {}, {}
        for name, run in jobs.items():
            with FlopCounterMode(display=False) as counter:
                results[name] = run()
            # torch can't count what it hands to oneDNN by name: that is as much as without.
            counted = counter.get_total_flops() / 1e9
            gflop[name] = gflop[WINOGRAD] if name == ONEDNN else counted
        seconds: dict[str, list[float]] = {name: [] for name in jobs}
        for _ in range(rounds):
            for name, run in jobs.items():
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)
        table[row] = {
            name: Timed(
                float(np.median(seconds[name])) * 1e3,
                gflop[name],
                max(map(difference, results[name], results["plain"])),
            )
            for name in jobs
        }
    return table


def job(row: str, tips: Tips, images: Tensor, layers: object) -> Callable[[], list[Tensor]]:
    """The function timed for a row."""
    if row == "backbone":
        return lambda: [tips.backbone(images, tips.taps).patch_tokens]
    if row == "all":
        return lambda: tensors(tips(images, tips.head_names))
    return lambda: [getattr(tips, row)(layers)]


def tensors(maps: DenseMaps) -> list[Tensor]:
    """Those that are there."""
    return [dense for dense in maps if dense is not None]


def difference(actual: Tensor, expected: Tensor) -> float:
    """Largest, as a fraction of the largest value."""
    return float((actual - expected).abs().max() / expected.abs().max())


def of_variant(name: str) -> Tips:
    """A released size with three heads, its numbers random."""
    variant = variant_named(name)
    width = variant.vit.width
    torch.manual_seed(0)
    return Tips(
        VisionTransformer(variant.vit),
        variant.taps,
        depth=DepthHead(width, CHANNELS),
        normals=NormalsHead(width, CHANNELS),
        segmentation=SegmentationHead(width, CHANNELS, CLASSES),
    ).requires_grad_(False)


def print_table(table: dict[str, dict[str, Timed]]) -> None:
    """A line per row: for each way GFLOP, milliseconds and how many times faster than plain."""
    ways = list(next(iter(table.values())))
    print(f"{'':14}" + "".join(f"{way:>30}" for way in ways))
    for row, of in table.items():
        cells = [
            f"{timed.gflop:8.2f} GF {timed.ms:8.1f} ms {of['plain'].ms / timed.ms:5.2f}×"
            for timed in of.values()
        ]
        print(f"{row:14}" + "".join(f"{cell:>30}" for cell in cells))
    largest = max(timed.error for of in table.values() for timed in of.values())
    print(f"largest difference from plain: {largest:.1e}")


if __name__ == "__main__":
    main()
