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
from tips_ros.process.freed_memory import keep_freed_memory
assert keep_freed_memory()
np.ones(32 << 20, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(32 << 20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


# Each thread has a heap of its own, as those have that load a model one after the other.
_THREADS = """
import threading
import numpy as np
from tips_ros.process.freed_memory import give_back_freed_memory, keep_freed_memory
from tips_ros.process.memory import resident_mib
assert keep_freed_memory()
turns = [threading.Event() for _ in range(7)]
def load(turn):
    turns[turn].wait()
    blocks = [np.ones(1 << 20, np.uint8) for _ in range(30)]
    del blocks
    turns[turn + 1].set()
    turns[6].wait()
threads = [threading.Thread(target=load, args=(turn,)) for turn in range(6)]
for thread in threads:
    thread.start()
turns[0].set()
turns[6].wait()
before = resident_mib()
assert give_back_freed_memory()
print(before - resident_mib())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has glibc")
def test_the_system_is_not_asked_for_the_same_pages_again():
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages_of_one = (32 << 20) // resource.getpagesize()
    assert int(done.stdout) < pages_of_one


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has glibc")
def test_what_several_threads_have_freed_is_given_back():
    done = subprocess.run([sys.executable, "-c", _THREADS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 30.0, "MiB: more than one of them had"


# Many threads that live on, each of which once held as much as a frame takes.
_MANY = """
import threading
import numpy as np
from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.process.memory import resident_mib
assert keep_freed_memory()
before, over = resident_mib(), threading.Event()
def hold(done):
    blocks = [np.ones(1 << 20, np.uint8) for _ in range(20)]
    del blocks
    done.set()
    over.wait()
for _ in range(40):
    done = threading.Event()
    threading.Thread(target=hold, args=(done,)).start()
    done.wait()
print(resident_mib() - before)
over.set()
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has glibc")
def test_what_many_threads_held_one_after_the_other_does_not_add_up():
    done = subprocess.run([sys.executable, "-c", _MANY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 75.0, "MiB, of 20 MiB in each of 40 threads"
