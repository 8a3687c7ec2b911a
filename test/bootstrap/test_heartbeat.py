# SPDX-License-Identifier: Apache-2.0
"""Signs of life of ./run while a step takes long, on a terminal and elsewhere."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

SOON = "BEAT_FIRST_S=1; BEAT_EVERY_S=1\n"
LONG = 'mkdir -p "$STATE"\nlong() { head -c 5000000 /dev/zero >"$VENV/got"; sleep 3.5; }\n'


def test_a_long_step_tells_seconds_megabytes_and_where_its_log_is(run, copy):
    done = run(script=SOON + LONG + "step long k Fetching long")
    told = [line for line in done.stderr.splitlines() if "so far" in line]
    assert len(told) >= 2
    log = copy / ".venv" / ".setup" / "long.log"
    form = r"tips_ros: Fetching: \d s so far(, \d+ MB)? \(in full: " + re.escape(str(log)) + r"\)"
    assert all(re.fullmatch(form, line) for line in told)
    assert done.stderr.splitlines()[-1].startswith("tips_ros: Fetching: ")


def test_a_short_step_is_told_in_two_lines(run):
    done = run(script=LONG + "short() { :; }\nstep short k Looking short")
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["Looking …", "Looking"]


def test_what_downloads_end_up_in_is_weighed(run, tmp_path: Path):
    cache = tmp_path / "cache"
    (cache / "uv").mkdir(parents=True)
    (cache / "uv" / "wheel").write_bytes(b"x" * 30_000_000)
    (tmp_path / "pip-unpack-1").mkdir()
    (tmp_path / "pip-unpack-1" / "wheel").write_bytes(b"x" * 20_000_000)
    bare = int(run(script='mkdir -p "$VENV"; weigh', TMPDIR="/nowhere").stdout)
    both = {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(cache)}
    assert 45 <= int(run(script='mkdir -p "$VENV"; weigh', **both).stdout) - bare <= 55


def test_nothing_goes_on_telling_after_a_refusal_or_a_kill(run, copy):
    for end in ('fail "no"', "kill -KILL $$"):
        # Whoever reads the output waits for its end, here with a limit: the one that told would
        # keep it open.
        done = run(script=SOON + f'start_beat "looking"\nsleep 3\n{end}')
        assert done.returncode != 0
        assert re.search(r"looking: \d s so far", done.stderr)


def test_on_a_terminal_one_line_counts_and_goes(copy, machine):
    parts = " ".join(f"source bootstrap/{name}.sh;" for name in ("steps", "heartbeat", "reasons"))
    script = f"ROOT=$PWD; {parts} {LONG} step long k Fetching long"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=copy, env={"PATH": str(machine)},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # how Linux ends a terminal
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait() == 0
    assert re.search(rb"\rtips_ros: Fetching: \d s so far", seen)
    assert b"\r\x1b[Ktips_ros: Fetching: " in seen.rpartition(b"so far")[2]


def test_the_first_line_comes_before_anything_is_looked_at(run, program):
    """Python, the first thing that is looked for, may be on a cold disk."""
    program("python3", "echo python3 was started >&2; exit 1")
    done = run("demo")
    assert done.stderr.splitlines()[0] == (
        "tips_ros: looking at what is here, and what set-up needs …"
    )
