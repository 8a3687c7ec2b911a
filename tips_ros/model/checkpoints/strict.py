# SPDX-License-Identifier: Apache-2.0
"""Fills a module with tensors: every one of them, none besides, each of the right shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from tips_ros.model.checkpoints.errors import CheckpointError

_NAMED_AT_MOST = 4
_RANDOM = (nn.init.normal_, nn.init.uniform_, Tensor.normal_, Tensor.uniform_)
Module = TypeVar("Module", bound=nn.Module)


def build(make: Callable[[], Module], tensors: dict[str, Tensor], path: Path) -> Module:
    """Makes the module without allocating it twice, then gives it the tensors.

    Args:
        make: builds the module; it is called on the meta device.
        tensors: by the module's own parameter names.
        path: the file they came from, for the message.

    Raises:
        CheckpointError: a tensor is unknown, missing or misshapen; it is named.
    """
    with torch.device("meta"), _WithoutFirstValues():
        module = make()
    expected = {name: tuple(t.shape) for name, t in module.state_dict().items()}
    _refuse(path, "unknown", [name for name in tensors if name not in expected])
    _refuse(path, "missing", [name for name in expected if name not in tensors])
    _refuse(
        path,
        "misshapen",
        [
            f"{name} {tuple(tensors[name].shape)} instead of {shape}"
            for name, shape in expected.items()
            if tuple(tensors[name].shape) != shape
        ],
    )
    module.load_state_dict(tensors, strict=True, assign=True)
    return module.requires_grad_(False).eval()


class _WithoutFirstValues(TorchFunctionMode):
    """Leaves out the random values that modules begin with.

    They would be overwritten, and for some of them torch loads its compiler: that takes a second.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _RANDOM:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def as_tensor(array: np.ndarray) -> Tensor:
    """A contiguous fp32 tensor that owns its memory, whatever float type was stored."""
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))


def _refuse(path: Path, what: str, names: list[str]) -> None:
    if names:
        shown = ", ".join(names[:_NAMED_AT_MOST])
        more = f" and {len(names) - _NAMED_AT_MOST} more" if len(names) > _NAMED_AT_MOST else ""
        raise CheckpointError(f"{path}: {what} tensor: {shown}{more}")
