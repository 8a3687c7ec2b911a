# SPDX-License-Identifier: Apache-2.0
"""The mark of tests that render rooms: without a library that casts rays they are skipped."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

casts_rays = pytest.mark.skipif(
    not (find_spec("open3d") or find_spec("embreex")), reason="Open3D or embreex casts the rays"
)
