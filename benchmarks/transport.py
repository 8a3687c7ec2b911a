#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times a camera's picture through three processes, with the shipped Fast DDS profile and without.

Camera process → node process → viewer process. Two such rigs stand side by side and take turns,
picture by picture, so that a slow moment of the machine hits both. Run it with
`./run exec python benchmarks/transport.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import ExitStack

import numpy as np
from rig import Rig

from tips_ros.ros.transport_profile import VARIABLES, profile_variables, shipped_profile

DEFAULT, SHIPPED = "default", "config/fastdds.xml"
PROFILES = {DEFAULT: {}, SHIPPED: dict.fromkeys(profile_variables(), str(shipped_profile()))}
UNSURE_S = 20.0
IMAGE = "/camera/image"
TO_VIEWER, END_TO_END = "camera to viewer", "camera to node to viewer"


def main() -> None:
    """Prints a table, then a JSON line for each size and profile."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", nargs="+", default=["640x480", "1920x1080"], help="WxH")
    parser.add_argument(
        "--outputs", nargs="+", default=["depth/image"], help="that the viewer listens to"
    )
    parser.add_argument("--model", default="demo")
    parser.add_argument("--input-size", type=int, default=112, help="that the network sees")
    parser.add_argument("--frames", type=int, default=40, help="for each size and profile")
    parser.add_argument("--pace-ms", type=float, default=50.0, help="rest between pictures")
    parser.add_argument("--patience-s", type=float, default=1.0, help="then a frame is lost")
    args = parser.parse_args()
    for name in VARIABLES:  # ./run sets them
        os.environ.pop(name, None)
    lines = []
    print(f"{'median, p95 in ms; how many came':<32}{TO_VIEWER:>30}{END_TO_END:>30}")
    for text in args.size:
        width, height = map(int, text.split("x"))
        for name, times in measure((width, height), args).items():
            cells = [f"{cell(of_way)} {len(of_way):>3}/{args.frames}" for of_way in times.values()]
            print(f"{f'{text}, {name}':<32}" + "".join(f"{c:>30}" for c in cells), flush=True)
            ways = {
                way: {"ms": spread(of_way), "came": len(of_way)} for way, of_way in times.items()
            }
            lines.append({**vars(args), "size": text, "profile": name, "ways": ways})
    for line in lines:
        print(json.dumps({"benchmark": "transport", **line}))


def spread(ms: list[float]) -> list[float]:
    """Median and 95th percentile; empty when nothing came."""
    return [round(float(p), 2) for p in np.percentile(ms, [50, 95])] if ms else []


def cell(ms: list[float]) -> str:
    """A cell of the table."""
    return "  ".join(f"{p:.1f}" for p in spread(ms)) or "-"


def measure(size: tuple[int, int], args: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """For each profile and way the milliseconds of the pictures that came through."""
    outputs = [f"/tips/{name}" for name in args.outputs]
    parameters = {
        "model": args.model,
        "input_height": args.input_size,
        "input_width": args.input_size,
    }
    times: dict[str, dict[str, list[float]]] = {
        name: {TO_VIEWER: [], END_TO_END: []} for name in PROFILES
    }
    with ExitStack() as stack:
        rigs = {}
        for name, variables in PROFILES.items():
            rigs[name] = stack.enter_context(Rig([IMAGE], outputs, size, variables))
            remappings = {"image": IMAGE, "camera_info": "/camera/camera_info"}
            rigs[name].add_node(parameters, remappings)
        if not rigs[SHIPPED].warm_up():
            raise SystemExit(f"no answers of all outputs: {rigs[SHIPPED].last_words()}")
        rigs[DEFAULT].warm_up(UNSURE_S)  # it may be that nothing gets through
        for number in range(args.frames):
            for name in list(rigs)[:: 1 if number % 2 else -1]:
                stamp_ns = rigs[name].publish()
                arrivals = rigs[name].arrivals_of(stamp_ns, args.patience_s)
                ms = {a.topic: (a.at_ns - stamp_ns) / 1e6 for a in arrivals}
                if IMAGE in ms:
                    times[name][TO_VIEWER].append(ms.pop(IMAGE))
                if len(ms) == len(outputs):
                    times[name][END_TO_END].append(max(ms.values()))
                time.sleep(args.pace_ms / 1e3)
    return times


if __name__ == "__main__":
    main()
