# SPDX-License-Identifier: Apache-2.0
"""Minutes of input that nobody should send, at every entrance; each must be answered.

The time is shared among the targets. Each has a process of its own, so that one that ends or hangs
is told like any other find. The smallest input of a find stands in its last lines; the seed does
the same again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from .rounds import Report, first_failure, run_rounds
from .targets import TARGETS

# What all targets import is imported once.
_FORK = multiprocessing.get_context("fork")
_MORE_S = 240.0  # for a start, a last round and the shrinking of a find


def fuzz(minutes: float, seed: int, names: list[str]) -> int:
    """Runs every target for its share of the time; the exit status."""
    end = time.monotonic() + 60.0 * minutes
    total, finds = 0, 0
    for i, name in enumerate(names):
        share_s = max(1.0, (end - time.monotonic()) / (len(names) - i))
        report = _run_apart(name, share_s, seed)
        total += report.cases
        finds += bool(report.find)
        print(
            f"{name:22} {report.cases:8d} cases  {'FOUND' if report.find else 'well'}", flush=True
        )
        if report.find:
            print("\n".join(f"    {line}" for line in report.find.splitlines()), flush=True)
    print(f"{total} cases of {len(names)} targets, {finds} finds, seed {seed}")
    if finds:
        print(f"once more: ./run fuzz {minutes:g} --seed {seed}")
    return 1 if finds else 0


def _run_apart(name: str, seconds: float, seed: int) -> Report:
    """The same in a process of its own, whose end is a find."""
    with tempfile.TemporaryDirectory(prefix="tips_ros-fuzz-") as folder:
        note = Path(folder) / "case"
        note.write_text("(before the first case)")
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=_send, args=(theirs, name, seconds, seed, note))
        process.start()
        theirs.close()
        try:
            if ours.poll(seconds + _MORE_S):
                report = Report(*ours.recv())
                return report._replace(find=report.find and report.find + _keep(note, name, seed))
            return Report(0, f"it hangs at {note.read_text()[:2000]}{_keep(note, name, seed)}")
        except EOFError:
            process.join()
            at = f"{note.read_text()[:2000]}{_keep(note, name, seed)}"
            return Report(0, f"its process ended with {process.exitcode} at {at}")
        finally:
            process.kill()
            process.join()


def _keep(note: Path, name: str, seed: int) -> str:
    """Keeps the cases of a find, whole, where they outlast this run; a line that says where."""
    folder = Path(tempfile.mkdtemp(prefix=f"tips_ros-find-{name.replace(' ', '-')}-{seed}-"))
    for file in (note, first_failure(note)):
        if file.exists():
            shutil.copyfile(file, folder / f"{file.name}.txt")
    return f"\nthe first case that failed and the last one are in {folder}"


def _send(pipe: Connection, name: str, seconds: float, seed: int, note: Path) -> None:
    pipe.send(run_rounds(TARGETS[name], seconds, seed, note))


def main() -> int:
    """The exit status: 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="./run fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("minutes", type=float, nargs="?", metavar="MINUTES")
    parser.add_argument("--seed", type=int, help="what comes (default: by chance, and told)")
    parser.add_argument("--target", action="append", choices=[*TARGETS], help="only this one")
    given = parser.parse_args()
    if given.minutes is None:
        parser.error("give MINUTES")
    seed = given.seed if given.seed is not None else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    return fuzz(given.minutes, seed, given.target or [*TARGETS])


if __name__ == "__main__":
    sys.exit(main())
