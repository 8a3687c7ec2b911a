# SPDX-License-Identifier: Apache-2.0
"""Live nodes whose depth is scaled by the focal length, and by a sensor."""

from __future__ import annotations

import pytest

from ..depth_bench import SMALL, Bench


@pytest.fixture
def bench(graph):
    """The default: by the focal length."""
    return Bench(graph)


@pytest.fixture
def measured(graph_with):
    """By the sensor, with a calibrated camera and one frame behind it."""
    bench = Bench(graph_with(**SMALL, **{"depth.scale_source": "sensor"}))
    bench.calibrate()
    bench.frame()
    return bench
