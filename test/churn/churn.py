# SPDX-License-Identifier: Apache-2.0
"""Minutes of everything that can happen to the node's process, which must not mind.

`python test/churn/churn.py MINUTES [--seed N]`; `--swaps N --cycles N` instead of minutes changes
prompts and goes through the lifecycle as fast as it can. The last line tells how it went; on a
failure the seed stands there, with which the same is done again, if not at the same moments.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from findings import Findings
from full_speed import FullSpeed
from life import Life, Report
from process import NodeProcess, Resources

from tips_ros.replay.domain import claim_domain

# Only this machine: nobody else's cameras are meant.
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

# What may come on top of what was held before: allocators keep what was freed, pools their threads,
# and the shared memory of processes that were killed goes a while after them.
_MORE = Resources(memory_mib=100.0, threads=20, descriptors=40)
_WARM = Resources(memory_mib=900.0, threads=80, descriptors=60)


def churn(minutes: float, seed: int, folder: Path, longest_s: float | None = None) -> int:
    """One life after the other; the exit status."""
    rng = random.Random(seed)
    end = time.monotonic() + 60.0 * minutes
    reports: list[Report] = []
    while (left := end - time.monotonic()) > 5.0 or not reports:
        number = len(reports) + 1
        findings = Findings()
        longest = longest_s or max(25.0, 60.0 * minutes / 3)
        seconds = min(rng.uniform(0.5, 1.0) * longest, left)
        life = Life(f"{seed} {number}", claim_domain(), folder, findings)
        print(f"life {number}: {seconds:.0f} s, {life.about}", flush=True)
        try:
            report = life.run(seconds, lambda line: print(f"  {line}", flush=True))
            if report is not None:
                _look_for_growth(report, findings)
        finally:
            life.close()
        if report is None or findings.first:
            where = f"life {number} ({life.about})"
            return _failed(where, f"./run churn MINUTES --seed {seed}", findings, life.process)
        print(f"  {report.summary}", flush=True)
        reports.append(report)
    _tell(reports)
    print(f"all well: {len(reports)} lives, seed {seed}")
    return 0


def _look_for_growth(report: Report, findings: Findings) -> None:
    """Against the first quiet moment, and in a long life the end of it against its middle."""
    every = [resources for _, resources in report.quiet]
    if not every:
        return
    third = len(every) // 3
    for i, name in enumerate(Resources._fields):
        values = [resources[i] for resources in every]
        grown = values[-1] > values[0] + _WARM[i]
        if third >= 3:
            middle, end = median(values[third : 2 * third]), median(values[-third:])
            grown |= end > middle + _MORE[i]
        if grown:
            findings.add(f"{name}: {', '.join(f'{value:.0f}' for value in values)}")


def full_speed(swaps: int, cycles: int, folder: Path) -> int:
    """Prompts swapped and cycles gone through as fast as they go; the exit status."""
    findings = Findings()
    trial = FullSpeed(claim_domain(), folder / "full-speed.log", findings)
    try:
        trial.run(swaps, cycles, lambda line: print(f"  {line}", flush=True))
    finally:
        trial.close()
    if findings.first:
        again = f"./run churn --swaps {swaps} --cycles {cycles}"
        return _failed("full speed", again, findings, trial.process)
    print(f"all well: {swaps} swaps, {cycles} cycles")
    return 0


def _failed(where: str, again: str, findings: Findings, process: NodeProcess) -> int:
    print("\n".join(("", "the end of the log:", process.tail)))
    print("\n".join(("", "what was being done:", *findings.context)))
    print(f"\nFAILED in {where} after {findings.first}\nonce more: {again}")
    return 1


def _tell(reports: list[Report]) -> None:
    print("\nheld when all was quiet: life, seconds, MiB, threads, descriptors")
    for number, report in enumerate(reports, 1):
        for at, held in report.quiet:
            print(
                f"  {number:3d} {at:6.0f} {held.memory_mib:7.0f} {held.threads:5d} "
                f"{held.descriptors:5d}"
            )
    longest: dict[str, float] = {}
    for report in reports:
        for name, seconds in report.longest_s.items():
            longest[name] = max(seconds, longest.get(name, 0.0))
    print("longest answers: " + ", ".join(f"{n} {s:.1f} s" for n, s in sorted(longest.items())))
    print(f"longest end: {max(report.ended_s for report in reports):.1f} s")


def main() -> int:
    """The exit status: 0 when all was well."""
    parser = argparse.ArgumentParser(prog="./run churn", description=__doc__.splitlines()[0])
    parser.add_argument("minutes", type=float, nargs="?", metavar="MINUTES")
    parser.add_argument("--seed", type=int, help="what happens (default: by chance, and told)")
    parser.add_argument("--life", type=float, metavar="S", help="the longest of one process")
    parser.add_argument("--swaps", type=int, default=0, help="changes of prompts, at full speed")
    parser.add_argument("--cycles", type=int, default=0, help="lifecycle cycles, at full speed")
    given = parser.parse_args()
    if given.minutes is None and not (given.swaps or given.cycles):
        parser.error("give MINUTES, or --swaps and --cycles")
    seed = given.seed if given.seed is not None else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="tips_ros-churn-"))
    if given.minutes is None:
        status = full_speed(given.swaps, given.cycles, folder)
    else:
        status = churn(given.minutes, seed, folder, given.life)
    if status == 0:
        shutil.rmtree(folder)
    else:
        print(f"logs: {folder}")
    return status


if __name__ == "__main__":
    sys.exit(main())
