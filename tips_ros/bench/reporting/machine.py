# SPDX-License-Identifier: Apache-2.0
"""The machine and the moment of a measurement: a time without these means nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone

import torch

from tips_ros import __version__
from tips_ros.doctor.machine import cores, processor_name


@dataclass(frozen=True)
class Machine:
    """The machine that a measurement ran on.

    Attributes:
        processor: its name.
        cores: that this process may use.
        threads: of torch.
        gpu: its name; None without one.
        torch: its version.
        tips_ros: this package's version.
        at: the moment, UTC, to the minute.
        keeps_freed_memory: see `tips_ros.process.freed_memory`.
    """

    processor: str
    cores: int
    threads: int
    gpu: str | None
    torch: str
    tips_ros: str
    at: str
    keeps_freed_memory: bool = False

    @property
    def title(self) -> str:
        """Describes the machine in one line."""
        gpu = f"{self.gpu}, " if self.gpu else ""
        memory = ", freed memory is kept" if self.keeps_freed_memory else ""
        return (
            f"{gpu}{self.processor}, {self.cores} cores, {self.threads} threads, "
            f"torch {self.torch}, {self.at}{memory}"
        )

    def as_data(self) -> dict[str, object]:
        """Converts to plain data for JSON."""
        return asdict(self)


def this_machine(device: torch.device, *, keeps_freed_memory: bool = False) -> Machine:
    """The machine at hand, now."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return Machine(
        processor=processor_name() or "unknown processor",
        cores=cores(),
        threads=torch.get_num_threads(),
        gpu=gpu,
        torch=torch.__version__,
        tips_ros=__version__,
        at=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        keeps_freed_memory=keeps_freed_memory,
    )
