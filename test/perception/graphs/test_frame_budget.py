# SPDX-License-Identifier: Apache-2.0
"""The cost of a frame of B/14 with three heads, counted on torch's `meta` device.

640×480 in, all arrays out. Counted are operations that a GPU would be asked for; views are free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from tips_ros.bench.models import model_named
from tips_ros.model.engines import recording
from tips_ros.model.fast import rewrite_for
from tips_ros.model.fast.gpu.model import for_gpu
from tips_ros.perception.graphs import frame_graphs
from tips_ros.perception.graphs.frame_graphs import FrameGraphs
from tips_ros.perception.host_transfer import HostTransfer
from tips_ros.perception.predictor import Predictor

META = torch.device("meta")
ON_HOST = 6  # operations may be that many that only make a tensor
NO_WORK = ("view", "empty", "detach", "alias", "permute", "transpose", "unsafe_view")


class Budget(TorchDispatchMode):
    """Counts what a device is asked for, and the bytes that it reads and writes for that."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        results = [leaf for leaf in tree_leaves(made) if isinstance(leaf, Tensor)]
        name = str(func.overloadpacket).removeprefix("aten.")
        on_device = any(tensor.device == META for tensor in (*given, *results))
        if on_device and not name.startswith(NO_WORK) and not func.is_view:
            self.asked[name] += 1
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in (*given, *results))
        return made
