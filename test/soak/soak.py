# SPDX-License-Identifier: Apache-2.0
"""One process of the node for as long as you like: nothing that it holds may grow.

`python test/soak/soak.py MINUTES [--plot FILE] [--samples FILE]`: a camera streams at 10 Hz, while
prompts change, subscribers come and go, parameters are set, services are called, and the node goes
through its lifecycle. After a warm-up memory, threads, descriptors and segments of shared memory
must stay as they are, and every frame has one fate.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

# What it is fed with and looked at by is that of test/churn.
sys.path.append(str(Path(__file__).resolve().parents[1] / "churn"))
# Only this machine: nobody else's cameras are meant.
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

from findings import Findings  # noqa: E402
from load import Load  # noqa: E402
from verdict import judge  # noqa: E402

from samples import Sample, read_shared_segments, write_samples  # noqa: E402

_EVERY_S = 5.0
_STARTS_S = 120.0


def soak(minutes: float, log: Path, tell_every_s: float) -> tuple[list[Sample], Load]:
    """Runs the load and samples the process; what was found wrong is the load's `findings`."""
    load = Load(os.getpid() % 100, log, Findings())
    samples: list[Sample] = []
    try:
        load.start(_STARTS_S)
        began = told = time.monotonic()
        end = began + 60.0 * minutes
        while time.monotonic() < end and not load.findings.first:
            time.sleep(_EVERY_S)
            load.look()
            if load.process.status is not None:
                break
            samples.append(_sample(load, time.monotonic() - began))
            if time.monotonic() - told >= tell_every_s:
                told = time.monotonic()
                print(f"  {samples[-1].line()}; {load.summary()}", flush=True)
        load.end()
    finally:
        load.close()
    return samples, load


def _sample(load: Load, at_s: float) -> Sample:
    held = load.process.resources()
    return Sample(
        at_s,
        held.memory_mib,
        held.threads,
        held.descriptors,
        read_shared_segments(),
        load.take_p95_ms(),
        os.getloadavg()[0],
    )


def main() -> int:
    """The exit status: 0 when nothing grew and nothing was lost."""
    parser = argparse.ArgumentParser(prog="./run soak", description=__doc__.splitlines()[0])
    parser.add_argument("minutes", type=float, metavar="MINUTES")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the samples, as PNG or JPEG"
    )
    parser.add_argument("--samples", type=Path, metavar="FILE", help="write the samples, as CSV")
    given = parser.parse_args()
    log = Path(tempfile.mkdtemp(prefix="tips_ros-soak-")) / "node.log"
    samples, load = soak(given.minutes, log, max(10.0, given.minutes))
    if given.samples:
        write_samples(given.samples, samples)
    verdict = judge(samples)
    print("\n".join(verdict.lines))
    print(load.summary())
    if given.plot:
        from plot import draw  # matplotlib is only here for this

        draw(samples, given.plot, f"./run soak {given.minutes:g}")
    if load.findings.first or not verdict.is_well:
        print("\n".join(("the end of the log:", load.process.tail, *load.findings.context)))
        print(f"FAILED: {load.findings.first or 'see above'}; log: {log}")
        return 1
    print(f"all well for {given.minutes:g} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
