# SPDX-License-Identifier: Apache-2.0
"""Whether Triton interprets kernels or compiles them is settled when a process first imports it."""

from __future__ import annotations

import os

import pytest

INTERPRETS = os.environ.get("TRITON_INTERPRET") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of interpreted kernels run in a process of their own: `gpu/test_interpreted.py`."""
    here = os.path.dirname(__file__)
    for item in items:
        if not str(item.path).startswith(here):
            continue
        if ("interpreted" in getattr(item, "fixturenames", ())) != INTERPRETS:
            item.add_marker(pytest.mark.skip(reason="of another process: test_interpreted.py"))
