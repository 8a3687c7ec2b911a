# SPDX-License-Identifier: Apache-2.0
"""A step that fails for a reason that people meet says in one line what to do."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

SAID = [
    (
        "E: Release file for http://deb.example/dists/stable/InRelease is expired (invalid since "
        "3d 2h). Updates for this repository will not be applied.",
        "machine's clock says 20.*set-ntp true.*Acquire::Check-Valid-Until=false",
    ),
    (
        "E: Release file for http://deb.example/dists/stable-updates/InRelease is not valid yet "
        "(invalid for another 2h 3min 4s). Updates for this repository will not be applied.",
        "machine's clock says 20.*set-ntp true",
    ),
    (
        "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by "
        "'NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure "
        "in name resolution'\nERROR: Could not find a version that satisfies the requirement "
        "torch==2.13.0 (from versions: none)",
        "no connection.*https_proxy.*goes on from here",
    ),
    (
        "E: Failed to fetch http://deb.example/pool/cmake.deb  Could not connect to 127.0.0.1:9",
        "no connection",
    ),
    (
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
        "failed: certificate is not yet valid (_ssl.c:1007)",
        "clock says 20.*set-ntp",
    ),
    (
        "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate "
        "verify failed: self-signed certificate in certificate chain",
        "not trusted.*PIP_CERT",
    ),
    (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "the disk is full.*are free",
    ),
    (
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (apt)",
        "another program is installing",
    ),
    ("c++: fatal error: Killed signal terminated program cc1plus", "without enough memory"),
    ("E: Unable to locate package python3.12-venv", "enable this system's usual sources"),
]


@pytest.mark.parametrize(("words", "advice"), SAID, ids=[words[:40] for words, _ in SAID])
def test_the_reason_is_told_with_what_to_do(words: str, advice: str, run):
    script = f"""mkdir -p "$STATE"
    work() {{ cat <<'WORDS'
{words}
WORDS
    false; }}
    step work k Working work"""
    done = run(script=script)
    assert done.returncode == 1
    [*_, failed, reason] = done.stderr.splitlines()
    assert failed.startswith("tips_ros: failed: Working (all of it: ")
    assert re.search(advice, reason), reason


def test_of_an_unknown_reason_nothing_is_made_up(run):
    done = run(script='mkdir -p "$STATE"\nwork() { echo odd; false; }\nstep work k Working work')
    assert "failed: Working" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("report", ["", "{", "[]", '{"install": [{}]}'])
def test_a_report_of_pip_that_tells_nothing_ends_in_one_line(report: str, run, copy):
    """pip may succeed and write little, as an old one does."""
    pretend = f"""pip_install() {{ printf '%s' '{report}' >"${{@: -2:1}}"; }}\n"""
    done = run(script=_with_python(copy) + pretend + "brings_cuda && echo yes")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert "pip's report of what torch==" in line and "torch.json" in line


def test_pip_without_an_answer_ends_in_one_line_and_nothing_more_is_asked(run, copy):
    pretend = "pip_install() { echo 'no route to host' >&2; return 1; }\n"
    done = run(script=_with_python(copy) + pretend + "brings_cuda && echo yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip could not find out what torch==" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "cuda"), [("NVIDIA-cublas", True), ("nvidia_cudnn", True), ("sympy", False)]
)
def test_whether_cuda_would_come_is_read_from_the_report(name: str, cuda: bool, run, copy):
    report = f'{{"install": [{{"metadata": {{"name": "{name}"}}}}]}}'
    pretend = f"""pip_install() {{ printf '%s' '{report}' >"${{@: -2:1}}"; }}\n"""
    ask = "if brings_cuda; then echo yes; else echo no; fi"
    done = run(script=_with_python(copy) + pretend + ask)
    assert done.stdout.strip() == ("yes" if cuda else "no")


def _with_python(copy: Path) -> str:
    folder = copy / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    return 'mkdir -p "$STATE"\n'


def test_a_ros_without_numpy_is_told_in_one_line(run, copy):
    prepared = _with_python(copy)
    python = copy / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 'numpy: No module' >&2; exit 1\n")
    python.chmod(0o755)
    done = run(script=prepared + "numpy_constraint", ROS_DISTRO="jazzy")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "no NumPy imports beside ROS 2 jazzy: sudo apt-get install python3-numpy" in done.stderr
