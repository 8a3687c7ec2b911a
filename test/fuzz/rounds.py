# SPDX-License-Identifier: Apache-2.0
"""Rounds of one target in this process: cases until time or a find ends them."""

from __future__ import annotations

import faulthandler
import logging
import resource
import shutil
import time
import traceback
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from .target import Target

# Explaining a find traces every line of the program: several times the time, and other recursion.
_PHASES = (Phase.generate, Phase.shrink)

_CASES = 100  # in one round
_MOST_CPU_S = 3.0  # of one case
_HANGS_S = 90  # of a whole machine's load
_LONGEST_FIND = 6000  # characters
_MOST_MORE_MIB = 700  # that one case may take


class Report(NamedTuple):
    """Result of a target."""

    cases: int
    find: str  # with its smallest input; empty while all is well


class Watch:
    """Runs cases one by one and notes each before it runs, for whoever finds this process dead."""

    def __init__(self, target: Target, note: Path | None = None) -> None:
        self._target, self._note = target, note
        self.cases = 0

    def __call__(self, case: Any) -> None:
        """Checks one case.

        Raises:
            AssertionError: it took a time or a memory that no input may take, or is no answer.
            Exception: whatever the program raised.
        """
        self.cases += 1
        if self._note is not None:
            self._note.write_text(repr(case), errors="backslashreplace")
        faulthandler.dump_traceback_later(_HANGS_S, exit=True)
        began_s, began_mib = time.thread_time(), _peak_mib()
        try:
            self._target.check(case)
            took_s, more_mib = time.thread_time() - began_s, _peak_mib() - began_mib
            assert took_s < _MOST_CPU_S or self.cases == 1, f"it took {took_s:.1f} s"
            assert more_mib < _MOST_MORE_MIB, f"it took {more_mib:.0f} MiB"
        except Exception:
            self._keep_first()
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _keep_first(self) -> None:
        """The first case that failed stays, should it do so only once: shrinking loses it."""
        if self._note is not None and not (kept := first_failure(self._note)).exists():
            shutil.copyfile(self._note, kept)


def first_failure(note: Path) -> Path:
    """The file of the first case that failed, beside that of the last one."""
    return note.with_name("first failure")


def run_cases(target: Target, count: int, seed: int, watch: Watch) -> str:
    """Runs so many cases; what was found, with its smallest input, or an empty text."""

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=_PHASES,
    )
    @given(target.cases)
    def check(case: Any) -> None:
        watch(case)

    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "error", RuntimeWarning
        )  # on a robot it is a line of the log with each frame
        try:
            check()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            frames = traceback.extract_tb(error.__traceback__)[-6:]
            notes = getattr(error, "__notes__", [])
            return "\n".join(
                ("".join(traceback.format_list(frames)), f"{type(error).__name__}: {error}", *notes)
            )[-_LONGEST_FIND:]
        finally:
            logging.disable(logging.NOTSET)
    return ""


def run_rounds(target: Target, seconds: float, seed: int, note: Path) -> Report:
    """Runs rounds until the time is over or something was found."""
    watch, end, number = Watch(target, note), time.monotonic() + seconds, 0
    find = ""
    while not find and time.monotonic() < end:
        find = run_cases(target, _CASES, seed * 100_003 + number, watch)
        number += 1
    return Report(watch.cases, find)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
