# SPDX-License-Identifier: Apache-2.0
"""Python and the platform."""

from __future__ import annotations

import platform

import pytest

import tips_ros
from tips_ros.doctor import machine
from tips_ros.doctor.findings import Status


def test_it_names_this_python_and_this_package():
    values = {f.topic: f for f in machine.machine().findings}
    assert values["tips_ros"].value.startswith(tips_ros.__version__)
    assert values["Python"].value.startswith(platform.python_version())
    assert " cores, " in values["processor"].value
    assert all(finding.status is Status.GOOD for finding in values.values())


def test_an_old_python_is_broken_and_the_fix_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "OLDEST_PYTHON", (9, 9))
    [python] = [f for f in machine.machine().findings if f.topic == "Python"]
    assert python.status is Status.BROKEN and "use 9.9 or newer" in python.advice
