# SPDX-License-Identifier: Apache-2.0
"""The scripts of benchmarks/ start: nobody runs them daily, and what they import moves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "benchmarks"
PARTS = {"rig.py", "peers.py", "frame_page.py"}  # of the scripts
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if path.name not in PARTS)
# One process for all: each would import torch again.
EACH = """
import contextlib, io, json, runpy, sys, traceback
sys.path.insert(0, sys.argv[1])
told = {}
for script in sys.argv[2:]:
    sys.argv = [script, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            print("ended with", end.code)
        except Exception:
            traceback.print_exc(file=out)
    told[script] = out.getvalue()
print(json.dumps(told))
"""


def test_each_script_shows_its_help():
    command = [sys.executable, "-c", EACH, str(FOLDER), *map(str, SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    for script in SCRIPTS:
        text = told[str(script)]
        assert f"usage: {script.name} " in text and text.endswith("ended with 0\n"), text
