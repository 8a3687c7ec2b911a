# SPDX-License-Identifier: Apache-2.0
"""Others than torch that compute a model, each trusted only after a comparison with torch.

Tensors in, tensors out: a model with engines is a `Tips` like any other.
"""

from tips_ros.model.engines.engine import EngineUnavailable
from tips_ros.model.engines.served import BACKENDS, Backend, Place, Served, served
from tips_ros.model.engines.trust import Verdict, trusted

__all__ = [
    "BACKENDS",
    "Backend",
    "EngineUnavailable",
    "Place",
    "Served",
    "Verdict",
    "served",
    "trusted",
]
