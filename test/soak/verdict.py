# SPDX-License-Identifier: Apache-2.0
"""The verdict whether samples grow: the middle of the run against its end, once it was warm."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from samples import Sample

_WARM_SHARE = 1 / 3  # of the run
_PART = 1 / 4  # of what follows: its first and its last quarter are compared
_MEMORY = 1.02
_LATENCY = 1.10
_FEW = 8  # samples, of which nothing can be told
_BUSY = 1.0  # a load above the cores by this makes latency another program's


class Verdict(NamedTuple):
    """Result of a run, in lines for people."""

    lines: list[str]
    is_well: bool


def judge(samples: Sequence[Sample]) -> Verdict:
    """Compares the first quarter after the warm-up with the last."""
    warm = samples[int(len(samples) * _WARM_SHARE) :]
    part = int(len(warm) * _PART)
    if part < _FEW:
        return Verdict([f"{len(samples)} samples: too few to tell growth"], bool(samples))
    early, late = warm[:part], warm[-part:]
    lines, is_well = [], True

    def compare(what: str, of: Callable[[Sample], float], most: float, more: float = 0.0) -> None:
        nonlocal is_well
        before, after = (median(of(sample) for sample in some) for some in (early, late))
        grew = after > before * most + more
        is_well &= not grew
        lines.append(
            f"{what}: {before:.1f} → {after:.1f} ({100 * (after / max(before, 1e-9) - 1):+.1f} %)"
            f"{' GREW' if grew else ''}"
        )

    compare("resident memory, MiB", lambda sample: sample.memory_mib, _MEMORY)
    # What comes and goes with a subscriber or a call under way is no leak.
    compare("threads", lambda sample: sample.threads, 1.0, 2.0)
    compare("descriptors", lambda sample: sample.descriptors, 1.0, 4.0)
    compare("shared memory, segments", lambda sample: sample.segments, 1.0, 4.0)
    was_well = is_well
    early, late = ([s for s in some if s.p95_ms is not None] for some in (early, late))
    if early and late:
        compare("latency p95, ms", lambda sample: sample.p95_ms or 0.0, _LATENCY)
        busy = max(s.load for s in (*early, *late)) > (os.cpu_count() or 1) + _BUSY
        if busy and not is_well and was_well:
            lines[-1] += ", not judged: other programs kept the machine busy"
            is_well = True
    return Verdict(lines, is_well)
