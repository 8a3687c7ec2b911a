# SPDX-License-Identifier: Apache-2.0
"""Parts of a model that are read by their names: each must be of the kind that has those."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from torch import nn

Part = TypeVar("Part", bound=nn.Module)


def parts_of(modules: Iterable[nn.Module], kind: type[Part]) -> list[Part]:
    """The modules as a list of one kind.

    Raises:
        TypeError: one is of another kind; without it, the model would say something else.
    """
    parts: list[Part] = []
    for module in modules:
        if not isinstance(module, kind):
            raise TypeError(f"a {kind.__name__} is needed here, not a {type(module).__name__}")
        parts.append(module)
    return parts
