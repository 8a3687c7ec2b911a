# SPDX-License-Identifier: Apache-2.0
"""Makes the CMake files of the ROS wheels point into this Python.

About twenty exported `*.cmake` files carry the include paths of the machine that built the
wheels (`/opt/python/cp311-cp311/include/python3.11` and numpy's below it); nothing that uses
message headers compiles before they are rewritten. Safe to run again: rewritten files no longer
match.
"""

import re
import sys
import sysconfig
from pathlib import Path

import numpy

BUILDER = r"/opt/python/cp\d+-cp\d+"


def repair(text: str, python_include: str, numpy_include: str) -> str:
    """Returns `text` with the builder's include paths replaced by the given ones."""
    text = re.sub(
        BUILDER + r"/lib/python3\.\d+/site-packages/numpy/(?:_core|core)/include",
        lambda _: numpy_include,
        text,
    )
    return re.sub(BUILDER + r"/include/python3\.\d+", lambda _: python_include, text)


def main() -> None:
    """Repairs every CMake file under this environment's share/."""
    repaired = 0
    for path in sorted(Path(sys.prefix, "share").rglob("*.cmake")):
        before = path.read_text()
        after = repair(before, sysconfig.get_path("include"), numpy.get_include())
        if after != before:
            path.write_text(after)
            repaired += 1
    print(f"{repaired} files repaired")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}; mend that, and give the same command again")
