# SPDX-License-Identifier: Apache-2.0
"""A folder for what text encoders keep."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder for embeddings, where nobody else's are."""
    return tmp_path / "cache"
