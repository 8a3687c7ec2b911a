# SPDX-License-Identifier: Apache-2.0
"""The cost of an hour of bag, and how it grows: with images, with bags at a time, on Ray.

    python benchmarks/bags/cost.py --images 20 80 --workers 1 2

Each row is a call of `tips_ros bags` on as many bags as the most workers, cut from the sample bag.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tips_ros.bags import BagReader, BagWriter
from tips_ros.resources import sample_bag

HZ = 10.0  # of the sample bag's images, and of the hour that is told


def cut(path: Path, images: int) -> None:
    """The first images of the sample bag, once more from the start when it ends."""
    with BagReader(sample_bag()) as whole, BagWriter(path) as written:
        for topic in whole.topics.values():
            written.add_topic(topic.name, topic.type, latched=topic.latched)
        messages = list(whole.messages())
        period_ns, lasts_ns = int(1e9 / HZ), whole.end_ns - whole.start_ns + int(1e9 / HZ)
        rounds = range(1 + int(images * period_ns // lasts_ns))
        until_ns = whole.start_ns + images * period_ns
        for shift_ns in (lasts_ns * number for number in rounds):
            for message in messages:
                if message.stamp_ns + shift_ns < until_ns:
                    written.write(message.topic, message.stamp_ns + shift_ns, message.data)


def measure(bags: Path, out: Path, workers: int, more: list[str]) -> tuple[float, float]:
    """Seconds on the wall, and of processors; those of Ray's workers are not among the latter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    command = [sys.executable, "-m", "tips_ros", "bags", str(bags), str(out)]
    subprocess.run(
        [*command, "--workers", str(workers), *more], check=True, stdout=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, spent


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[20, 80], help="of each bag")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="bags at a time")
    parser.add_argument("--ray", metavar="ADDRESS", help="on this cluster, too")
    parser.add_argument("--options", default="--topics depth/image,semantic/image --pack")
    args = parser.parse_args()
    count = max(args.workers)
    print(f"{count} bags, tips_ros bag {args.options}")
    print(f"{'images':>6} {'workers':>8} {'wall, s':>8} {'cores, s':>9} {'hours for an hour':>18}")
    ways: list[tuple[str, list[str]]] = [("", [])]
    if args.ray:
        ways.append((" ray", ["--ray", args.ray]))
    for images in args.images:
        with tempfile.TemporaryDirectory() as folder:
            bags = Path(folder, "bags")
            for number in range(count):
                cut(bags / f"bag{number}", images)
            for workers in args.workers:
                for name, more in ways:
                    out = Path(folder, f"out{workers}{name}")
                    options = [f"--options={args.options}", *more]
                    wall_s, cores_s = measure(bags, out, workers, options)
                    share = wall_s / (count * images / HZ)
                    row = f"{images:>6} {f'{workers}{name}':>8} {wall_s:>8.1f} {cores_s:>9.1f}"
                    print(f"{row} {share:>18.2f}", flush=True)


if __name__ == "__main__":
    main()
