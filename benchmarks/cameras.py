#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several cameras in one node against a node for each of them: frames answered per second.

All are processes of their own on a real graph, with cameras that publish faster than can be
answered. The two ways take turns, second by second, while the other one's nodes have no pictures.
Run it with `./run exec python benchmarks/cameras.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
import torch
from peers import output_name
from rig import Rig

from tips_ros.ros.transport_profile import transport_environment

ONE, EACH = "one node", "a node for each"


class TurnResult(NamedTuple):
    """Rate and cost of one turn while the cameras published."""

    rate_hz: float  # frames of which all outputs came, summed over the cameras
    processor_ms: float  # of all cores for a frame: steadier than the rate on a busy machine
    resident_mib: float  # of all nodes


def main() -> None:
    """Prints a table and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--size", default="640x480", help="WxH (default: %(default)s)")
    parser.add_argument(
        "--outputs", nargs="+", default=["depth/image", "semantic/image"], help="listened to"
    )
    parser.add_argument("--model", default="demo")
    parser.add_argument("--input-size", type=int, default=0, help="0: the model's own")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--rate-hz", type=float, default=15.0, help="of each camera")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=4)
    args = parser.parse_args()
    turns = measure(args)
    medians = {
        way: TurnResult(*np.median(of_way, axis=0).tolist()) for way, of_way in turns.items()
    }
    print(
        f"{args.cameras} cameras of {args.size}, model {args.model}, {args.rounds} rounds, medians"
    )
    print(f"{'':<18}{'frames a second':>18}{'processor ms a frame':>24}{'MiB resident':>16}")
    for way, turn in medians.items():
        rate, processor_ms, mebibytes = turn
        print(f"{way:<18}{rate:>18.1f}{processor_ms:>24.1f}{mebibytes:>16.0f}")
    ratios = {
        "rate": [one.rate_hz / each.rate_hz for one, each in zip(*turns.values(), strict=True)],
        "processor": [
            each.processor_ms / one.processor_ms for one, each in zip(*turns.values(), strict=True)
        ],
    }
    ratio = {name: round(float(np.median(values)), 3) for name, values in ratios.items()}
    print(
        f"{ONE} answers {ratio['rate']:.2f} times as many frames, and {ratio['processor']:.2f} "
        "times as many for the same processor time (medians of the rounds' ratios)"
    )
    facts = {**vars(args), "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    lists = {way: [turn._asdict() for turn in of_way] for way, of_way in turns.items()}
    print(json.dumps({"benchmark": "cameras", **facts, "turns": lists, "ratio": ratio}))


def measure(args: argparse.Namespace) -> dict[str, list[TurnResult]]:
    """Each way's turns, in order."""
    width, height = map(int, args.size.split("x"))
    names = [f"camera{number}" for number in range(args.cameras)]
    images = [f"/{name}/image" for name in names]
    parameters = {
        "model": args.model,
        "precision": args.precision,
        "input_height": args.input_size,
        "input_width": args.input_size,
    }
    outputs = {
        ONE: [f"/tips/{name}/{output}" for name in names for output in args.outputs],
        EACH: [f"/{name}/tips/{output}" for name in names for output in args.outputs],
    }
    turns: dict[str, list[TurnResult]] = {ONE: [], EACH: []}
    with ExitStack() as stack:
        rigs = {
            way: stack.enter_context(
                Rig(images, outputs[way], (width, height), transport_environment(), False)
            )
            for way in turns
        }
        rigs[ONE].add_node({**parameters, "cameras": names}, {})
        for name in names:
            # In a namespace of its own, and so its `image` is its camera's.
            rigs[EACH].add_node(parameters, {"__ns": f"/{name}"})
        for way, rig in rigs.items():
            if not rig.warm_up():
                raise SystemExit(f"{way}: no answers of all cameras: {rig.last_words()}")
        for number in range(args.rounds):
            for way in list(rigs)[:: 1 if number % 2 else -1]:
                turns[way].append(taken(rigs[way], args))
    return turns


def taken(rig: Rig, args: argparse.Namespace) -> TurnResult:
    """One turn: the cameras publish, and what comes until they end counts."""
    rig.all_arrivals()
    before, start_ns = rig.node_cost(), time.time_ns()
    rig.publish_at(args.rate_hz, args.seconds)
    after, end_ns = rig.node_cost(), time.time_ns()
    time.sleep(1.0)  # what is still in work belongs to nobody
    came: dict[tuple[str, int], int] = {}
    for arrival in rig.all_arrivals():
        if arrival.at_ns <= end_ns:
            frame = arrival.topic.removesuffix(output_name(arrival.topic)), arrival.stamp_ns
            came[frame] = came.get(frame, 0) + 1
    whole = sum(count == len(args.outputs) for count in came.values())
    processor_ms = (after.processor_s - before.processor_s) * 1e3
    return TurnResult(
        whole / ((end_ns - start_ns) / 1e9), processor_ms / max(whole, 1), after.resident_mib
    )


if __name__ == "__main__":
    main()
