# SPDX-License-Identifier: Apache-2.0
"""The script for a machine with a GPU: it is ready, and says so where there is none."""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from tips_ros.commands import bench

from ..import_again import import_again

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return import_again(SCRIPT, "benchmarks_gpu")


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_and_leaves_nothing_behind(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "out"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    assert "needs an NVIDIA GPU and a CUDA build of torch" in done.stderr and not done.stdout


def test_bench_understands_every_step(script: ModuleType, tmp_path: Path):
    steps = script.steps("random-b14", "640x480", 60, tmp_path / "gpu.jsonl")
    parser = argparse.ArgumentParser(exit_on_error=False)
    bench.add_arguments(parser)
    asked = []
    for step in steps:
        if step.arguments[:3] == ("-m", "tips_ros", "bench"):
            args = parser.parse_args(step.arguments[3:])
            assert args.device == "cuda" and args.json == tmp_path / "gpu.jsonl"
            kind = "against" if args.against else "stages"
            asked.append((kind, *args.precision, *args.backend, *args.cameras))
    for precision in ("fp32", "bf16"):
        for backend in ("torch", "compiled"):
            assert ("stages", precision, backend, 1) in asked
    assert asked[0] == ("against", "bf16", "graphs", 1), "what is wanted most comes first"
    assert ("stages", "bf16", "graphs", 4) in asked
    assert ("against", "bf16", "compiled", 1) in asked and ("stages", "bf16", "torch", 4) in asked
    assert len({step.name for step in steps}) == len(steps)


def line(ours_ms: float, **times: float) -> dict[str, Any]:
    """As `tips_ros bench --against` writes it."""
    return {
        "benchmark": "against transformers",
        "device": "cuda",
        "case": {"model": "random-b14", "precision": "bf16", "backend": "compiled"},
        "spreads": {"image": {"tips_ros": {"median_ms": ours_ms}}},
        "times_as_long_as_ours": {
            "image": {
                f"transformers {name.replace('_', ' ')}": {"median_of_rounds": times[name]}
                for name in times
            }
        },
    }


def test_each_aim_is_reached_or_not(script: ModuleType):
    text = "\n".join(script.aims([{"benchmark": "stages"}, line(4.0, fp32=6.0, bf16_compiled=1.2)]))
    assert "4.00 ms, wanted 1.9: NOT reached" in text
    assert "transformers fp32: 6.00, wanted 5: reached" in text
    assert "transformers bf16 compiled: 1.20, wanted 2: NOT reached" in text


def test_what_was_compared_is_a_table_for_the_page(script: ModuleType):
    lines = [line(1.84, fp32=6.0), line(2.76, fp32=4.0, bf16_compiled=1.25)]
    assert script.table([{"benchmark": "stages"}, *lines])[2:] == [
        "|  | tips_ros, ms | of the bound | transformers fp32, times as long "
        "| transformers bf16 compiled, times as long |",
        "| --- | --- | --- | --- | --- |",
        "| bf16, compiled | 1.84 | 2.0 times | 6.00 |  |",
        "| bf16, compiled | 2.76 | 3.0 times | 4.00 | 1.25 |",
    ]
    assert script.table([]) == []


def test_what_was_not_compared_has_no_aims(script: ModuleType):
    assert script.aims([]) == ["", "aims: nothing was compared in bf16 or fp16"]


def test_a_step_that_fails_or_takes_too_long_is_named_with_the_way_to_repeat_it(
    script: ModuleType, tmp_path: Path
):
    text, soon = io.StringIO(), time.monotonic() + 60
    told = {
        "good": script.run(script.Step("good", ("-c", "print('measured')")), soon, text),
        "bad": script.run(script.Step("bad", ("-c", "raise SystemExit(3)")), soon, text),
        "late": script.run(script.Step("late", ("-c", "")), time.monotonic() - 1, text),
    }
    assert told["good"] == "" and "measured" in text.getvalue()
    hangs = script.Step("hangs", ("-c", "import time; print('half'); time.sleep(600)"))
    assert script.run(hangs, time.monotonic() + 8, text) == "stopped, no time left"
    assert "half" in text.getvalue(), "what was measured before is told"
    said = script.missing(told, tmp_path)
    assert "not measured: bad (ended with status 3)" in said
    assert "not measured: late (no time left)" in said
    assert said[-1].endswith(f"benchmarks/gpu.py {tmp_path} --only bad late")
