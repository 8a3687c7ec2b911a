# SPDX-License-Identifier: Apache-2.0
"""Memory that was freed is used again."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

# In a process of its own: the setting stays as long as the process.
_SCRIPT = """
import resource
import numpy as np
from tips_ros.freed_memory import keep_freed_memory
assert keep_freed_memory()
np.ones(32 << 20, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(32 << 20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has glibc")
def test_the_system_is_not_asked_for_the_same_pages_again():
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages_of_one = (32 << 20) // resource.getpagesize()
    assert int(done.stdout) < pages_of_one
