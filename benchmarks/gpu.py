#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every number that is wanted of a GPU, one command after the other, into one folder.

Needs torch with CUDA, numpy, opencv-python-headless and transformers; no ROS, no weights. Run it
with `python benchmarks/gpu.py FOLDER`. What the minutes don't suffice for is named at the end, with
the command that measures it. docs/gpu.md tells what is measured and why.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import torch

ROOT = Path(__file__).resolve().parent.parent
NO_GPU = (
    "this needs an NVIDIA GPU and a CUDA build of torch, and torch sees none here: "
    "nothing was measured"
)
EAGER, COMPILED = "transformers fp32", "transformers bf16 compiled"
# Of B/14, from uint8 on the host to all outputs there; the bound is an H200's compute.
WANTED_MS, BOUND_MS = 1.9, 0.92
WANTED = {EAGER: 5.0, COMPILED: 2.0}  # times as long as ours


class Step(NamedTuple):
    """A command of its own, so that what fails or hangs fails alone."""

    name: str
    arguments: tuple[str, ...]  # of python
    environment: dict[str, str] = {}


def steps(model: str, image: str, rounds: int, results: Path) -> list[Step]:
    """The steps of the measurement, the most wanted first."""
    to_file = ("--device", "cuda", "--json", str(results))
    bench = ("-m", "tips_ros", "bench", "--model", model, "--image", image, *to_file)
    often = ("--rounds", str(rounds), "--warm-up", "10")
    versus = (*bench, *often, "--against", "transformers")
    stages = (*bench, *often, "--subscribers", "0")
    fp32, bf16 = ("--precision", "fp32"), ("--precision", "bf16")
    compiled, played = ("--backend", "compiled"), ("--backend", "graphs")
    theirs = ("--their-precision", "fp32", "bf16")
    kernels = ("--profile", str(results.parent / "kernels.txt"))
    overlap = ("benchmarks/pipelining.py", "--model", model, "--image", image, *to_file, *kernels)
    their_graphs = ("--their-precision", "bf16", "--compile", "reduce-overhead")
    # How exact fp32 is: convolutions without TF32, on both sides.
    few, exact = ("--rounds", "3", "--against", "transformers"), {"NVIDIA_TF32_OVERRIDE": "0"}
    return [
        Step("against-bf16-graphs", (*versus, *bf16, *played, *theirs, "--compile")),
        Step("overlap-bf16-graphs", (*overlap, *bf16, *played)),
        Step("against-their-graphs", (*versus, *bf16, *played, *their_graphs)),
        Step("cameras-bf16-graphs", (*stages, *bf16, *played, "--cameras", "4")),
        Step("against-bf16-compiled", (*versus, *bf16, *compiled, *theirs, "--compile")),
        Step("stages-bf16-compiled", (*stages, *bf16, *compiled)),
        Step("stages-bf16", (*stages, *bf16)),
        Step("against-bf16", (*versus, *bf16, *theirs)),
        Step("against-fp32", (*versus, *fp32)),
        Step("cameras-bf16", (*stages, *bf16, "--cameras", "4")),
        Step("cameras-bf16-compiled", (*stages, *bf16, *compiled, "--cameras", "4")),
        Step("exact-fp32", (*bench, *few, *fp32), exact),
        Step("stages-fp32", (*stages, *fp32)),
        Step("stages-fp32-compiled", (*stages, *fp32, *compiled)),
    ]


def main() -> int:
    """Runs the steps and tells what of the aims was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="takes gpu.jsonl, gpu.txt and kernels.txt")
    parser.add_argument("--model", default="random-b14")
    parser.add_argument("--image", default="640x480", help="WxH (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=5, help="for all (default: %(default)s)")
    parser.add_argument("--only", nargs="+", metavar="STEP", help="some of them, by name")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print(NO_GPU, file=sys.stderr)
        return 2
    args.folder.mkdir(parents=True, exist_ok=True)
    results = args.folder.resolve() / "gpu.jsonl"
    chosen = steps(args.model, args.image, args.rounds, results)
    if args.only:
        if unknown := set(args.only) - {step.name for step in chosen}:
            parser.error(f"no step {', '.join(unknown)}: {', '.join(s.name for s in chosen)}")
        chosen = [step for step in chosen if step.name in args.only]
    until = time.monotonic() + 60 * args.minutes
    with (args.folder / "gpu.txt").open("a", encoding="utf-8") as text:
        ends = {step.name: run(step, until, text) for step in chosen}
        told = [*missing(ends, args.folder), *aims(read(results)), *table(read(results))]
        tell("\n".join(told), text)
    return int(any(ends.values()))


def run(step: Step, until: float, text: TextIO) -> str:
    """Runs a step; why it has not ended well, or nothing."""
    left = until - time.monotonic()
    if left <= 0:
        return "no time left"
    tell(f"\n== {step.name}: python {' '.join(step.arguments)}", text)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **step.environment}
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *step.arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    late = threading.Timer(left, process.kill)
    late.start()
    with process.stdout as told:  # as it comes: what is measured is told, whatever happens later
        for line in told:
            tell(line.rstrip("\n"), text)
    status = process.wait()
    # One that was killed ends with no status of its own.
    stopped = not late.is_alive() and time.monotonic() >= until
    late.cancel()
    tell(f"-- {time.monotonic() - begin:.0f} s", text)
    if stopped:
        return "stopped, no time left"
    return f"ended with status {status}" if status else ""


def tell(words: str, text: TextIO) -> None:
    """Prints to the screen and to the file."""
    print(words, flush=True)
    print(words, file=text, flush=True)


def read(results: Path) -> list[dict[str, Any]]:
    """The lines that are there."""
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def missing(ends: dict[str, str], folder: Path) -> list[str]:
    """Steps that were not measured, with the commands that would."""
    bad = {name: why for name, why in ends.items() if why}
    if not bad:
        return []
    told = [f"not measured: {name} ({why})" for name, why in bad.items()]
    return ["", *told, f"again: python benchmarks/gpu.py {folder} --only {' '.join(bad)}"]


def aims(lines: list[dict[str, Any]]) -> list[str]:
    """Ratios of whole pictures and our milliseconds, of each comparison in half precision."""
    told = ["", "aims (a picture in, all arrays out on the host; ratios are medians of rounds):"]
    for line in lines:
        case = line.get("case", {})
        if line.get("benchmark") != "against transformers" or case["precision"] == "fp32":
            continue
        told.append(f"{case['model']} {case['precision']} by {case['backend']}, {line['device']}:")
        ours_ms = line["spreads"]["image"]["tips_ros"]["median_ms"]
        told.append(
            f"  {ours_ms:.2f} ms, wanted {WANTED_MS:g}: {reached(ours_ms <= WANTED_MS)}; "
            f"{ours_ms / BOUND_MS:.1f} times the bound of an H200's compute"
        )
        for name, wanted in WANTED.items():
            if name in line["times_as_long_as_ours"]["image"]:
                times = line["times_as_long_as_ours"]["image"][name]["median_of_rounds"]
                told.append(f"  {name}: {times:.2f}, wanted {wanted:g}: {reached(times >= wanted)}")
    return told if len(told) > 2 else ["", "aims: nothing was compared in bf16 or fp16"]


def table(lines: list[dict[str, Any]]) -> list[str]:
    """The comparisons as a table, as docs/gpu.md has it, with the gap to the bound."""
    compared = [line for line in lines if line.get("benchmark") == "against transformers"]
    others = list(
        dict.fromkeys(name for one in compared for name in one["times_as_long_as_ours"]["image"])
    )
    if not compared:
        return []
    head = ["", "tips_ros, ms", "of the bound", *(f"{name}, times as long" for name in others)]
    rows = [head, ["---"] * len(head)]
    for one in compared:
        case, ratios = one["case"], one["times_as_long_as_ours"]["image"]
        ours_ms = one["spreads"]["image"]["tips_ros"]["median_ms"]
        row = [f"{case['precision']}, {case['backend']}", f"{ours_ms:.2f}"]
        row.append(f"{ours_ms / BOUND_MS:.1f} times")
        for name in others:
            row.append(f"{ratios[name]['median_of_rounds']:.2f}" if name in ratios else "")
        rows.append(row)
    return ["", "for docs/gpu.md:", *(f"| {' | '.join(row)} |" for row in rows)]


def reached(yes: bool) -> str:
    """Verdict in a word."""
    return "reached" if yes else "NOT reached"


if __name__ == "__main__":
    sys.exit(main())
