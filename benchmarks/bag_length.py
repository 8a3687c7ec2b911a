#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory and time of `tips_ros bag` by the bag's length: the sample's images, once, twice, … .

Each length is a process of its own, so that its peak is its own. Run it with
`./run exec python benchmarks/bag_length.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tips_ros.bags import BagReader, BagWriter, find_camera
from tips_ros.resources import sample_bag


def main() -> None:
    """Prints a line and a JSON line for each length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", type=int, nargs="+", default=[25, 50, 100, 200, 400])
    parser.add_argument("--batch", type=int, default=1, help="images in one pass")
    parser.add_argument("--topics", default="depth/image,semantic/image,points")
    args = parser.parse_args()
    print("images   peak MiB   ms an image")
    for length in args.lengths:
        peak_mib, seconds = annotate(length, args.batch, args.topics)
        print(f"{length:>6}{peak_mib:>11.0f}{1e3 * seconds / length:>14.1f}", flush=True)
        result = {"images": length, "batch": args.batch, "peak_mib": peak_mib, "seconds": seconds}
        print(json.dumps(result), flush=True)


def annotate(length: int, batch: int, topics: str) -> tuple[float, float]:
    """Peak resident MiB and seconds of the command on a bag of so many images."""
    with tempfile.TemporaryDirectory() as folder:
        bag, out = Path(folder) / "in", Path(folder) / "out"
        write(bag, length)
        command = ["-m", "tips_ros", "bag", str(bag), str(out), "--topics", topics]
        command += ["--precision", "fp32"]
        start = time.perf_counter()
        quiet = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
        process = os.posix_spawn(
            sys.executable,
            [sys.executable, *command, "--batch", str(batch)],
            os.environ,
            file_actions=[quiet, (os.POSIX_SPAWN_DUP2, 1, 2)],
        )
        _, status, usage = os.wait4(process, 0)
        seconds = time.perf_counter() - start
        if status:
            raise RuntimeError(f"tips_ros {' '.join(command[2:])} ended with status {status}")
    return usage.ru_maxrss / 1024, seconds


def write(path: Path, length: int) -> None:
    """The sample's images again and again, 10 a second, with its CameraInfo."""
    with BagReader(sample_bag()) as source:
        camera = find_camera(source)
        assert camera.camera_info is not None
        info = next(source.messages([camera.camera_info]))
        images = [message.data for message in source.messages([camera.image])]
        with BagWriter(path, typestore=source.typestore) as writer:
            for topic in (camera.camera_info, camera.image):
                writer.add_topic(topic, source.topics[topic].type)
            writer.write(camera.camera_info, 0, info.data)
            for i in range(length):
                writer.write(camera.image, i * 10**8, images[i % len(images)])


if __name__ == "__main__":
    main()
