# SPDX-License-Identifier: Apache-2.0
"""Others than torch that compute a model, each trusted only after a comparison with torch.

Tensors in, tensors out: a model with engines is a `Tips` like any other.
"""

from tips_ros.model.engines.engine import EngineUnavailable
from tips_ros.model.engines.parity import Parity, check_parity
from tips_ros.model.engines.select_backend import (
    BACKENDS,
    Backend,
    BackendChoice,
    Target,
    select_backend,
)

__all__ = [
    "BACKENDS",
    "Backend",
    "EngineUnavailable",
    "Target",
    "BackendChoice",
    "Parity",
    "select_backend",
    "check_parity",
]
