# SPDX-License-Identifier: Apache-2.0
"""A module whose parts compute the same in another way."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeVar

from torch import nn

Module = TypeVar("Module", bound=nn.Module)


def swap_modules(module: Module, kind: Callable[[nn.Module], type[nn.Module] | None]) -> Module:
    """The same module with other classes for some of its parts.

    Parameters are shared with the module given, which stays unchanged.

    Args:
        module: what is copied but for its tensors.
        kind: a part → the class it becomes, one that needs no more than the part has; None to
            leave it as it is.
    """
    tensors = [*module.parameters(), *module.buffers()]
    clone = copy.deepcopy(module, {id(tensor): tensor for tensor in tensors})
    for part in clone.modules():
        if (other := kind(part)) is not None:
            part.__class__ = other
    return clone
