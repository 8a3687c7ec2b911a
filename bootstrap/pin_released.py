# SPDX-License-Identifier: Apache-2.0
"""Pins what the released set-up runs with: one version and its sha256 sums of each package.

`python bootstrap/pin_released.py` needs uv and asks the package index that uv is set up with. It
writes `bootstrap/released.txt` for a virtual environment with Python 3.12 on x86-64 Linux: of each
package that the lists for pip need, and of those that these need, the files that pip may take.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomllib

FOLDER = Path(__file__).parent
RELEASED = FOLDER / "released.txt"
LISTS = ("core", "pictures", "open3d", "openvino", "onnxruntime")
PYTHON, PLATFORM = "3.12", "x86_64-manylinux_2_39"  # Ubuntu 24.04
_PYTHONS = ("py3", "py2.py3", "cp312", "abi3")
_HEAD = f"""\
# What the released set-up runs with, Python {PYTHON} on x86-64 Linux: no other file is installed.
# Made by `python bootstrap/pin_released.py`; docs/dependencies.md says how it is used.
"""


def main() -> None:
    """Writes the file anew."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "pylock.toml"
        command = ["uv", "pip", "compile", "--quiet", "--format", "pylock.toml", "-o", str(lock)]
        command += ["--python-version", PYTHON, "--python-platform", PLATFORM]
        lists = [str(FOLDER / f"requirements-{name}.txt") for name in LISTS]
        torch = Path(folder) / "torch.in"
        torch.write_text(f"{_torch()}\n")
        subprocess.run([*command, str(torch), *lists], check=True)
        packages = tomllib.loads(lock.read_text(encoding="utf-8"))["packages"]
    RELEASED.write_text(_HEAD + "".join(map(pinned, packages)), encoding="utf-8")
    print(f"{RELEASED}: {len(packages)} packages")


def pinned(package: dict[str, Any]) -> str:
    """The lines of a package.

    Raises:
        ValueError: it has no file for the released set-up.
    """
    sums = sorted(set(_sums(package)))
    if not sums:
        raise ValueError(f"{package['name']} {package['version']} has no file for this set-up")
    lines = [f"{package['name']}=={package['version']}", *(f"    --hash=sha256:{s}" for s in sums)]
    return " \\\n".join(lines) + "\n"


def _sums(package: dict[str, Any]) -> Iterator[str]:
    """Sums of the wheels that fit; of the source only where there is none."""
    fitting = [one for one in package.get("wheels", ()) if _fits(one["url"].rsplit("/", 1)[-1])]
    for file in fitting or [package["sdist"]]:
        yield file["hashes"]["sha256"]


def _fits(name: str) -> bool:
    *_, python, abi, platform = name.removesuffix(".whl").split("-")
    if platform != "any" and not ("linux" in platform and "x86_64" in platform):
        return False
    return "musl" not in platform and (python in _PYTHONS or abi == "abi3") and abi[-1] != "t"


def _torch() -> str:
    """The version that `./run` installs."""
    text = (FOLDER / "torch.sh").read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if line.startswith("TORCH=")).partition("=")[2]


if __name__ == "__main__":
    sys.exit(main())
