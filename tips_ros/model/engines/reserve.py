# SPDX-License-Identifier: Apache-2.0
"""A part in torch beside the engine that serves, for what the engine was not made for."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

import torch
from torch import nn

Part = TypeVar("Part", bound=nn.Module)


class Reserve(Generic[Part]):
    """A part that takes room on a device from the first time on that it is needed there.

    It is no module, so that moving what holds it leaves it where it is.

    Attributes:
        module: the part, where it is now.
    """

    def __init__(self, module: Part) -> None:
        """Takes a part that nobody else moves; its tensors may be shared until it is moved."""
        self.module = module
        self._device: torch.device | None = None
        self._lock = threading.Lock()

    def on(self, device: torch.device) -> Part:
        """Moves the part to a device, if it isn't there, and returns it."""
        with self._lock:
            if self._device != device:
                self.module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
                self._device = device
            return self.module
