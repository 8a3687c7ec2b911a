# SPDX-License-Identifier: Apache-2.0
"""Disks that are full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted disk of its own size.

    Attributes:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def free_bytes(self) -> int:
        """Free room."""
        there = os.statvfs(self.path)
        return there.f_bavail * there.f_frsize

    def fill(self, leave_bytes: int = 0) -> None:
        """Fills it up to so many bytes, in whole pages."""
        (self.path / "ballast").write_bytes(bytes(max(0, self.free_bytes - leave_bytes)))

    def empty(self) -> None:
        """Takes that out again."""
        (self.path / "ballast").unlink()

    def names(self) -> list[str]:
        """Whatever is on it, but for the ballast."""
        found = (str(p.relative_to(self.path)) for p in self.path.rglob("*"))
        return sorted(name for name in found if name != "ballast")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], SmallDisk]]:
    """Mounts disks of so many bytes; skips where this user may not."""
    mounted: list[Path] = []

    def mount(size: int) -> SmallDisk:
        place = tmp_path / f"disk {len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", "") or error
            pytest.skip(f"no small disk can be mounted here, root may: {reason}")
        mounted.append(place)
        return SmallDisk(place)

    yield mount
    for place in mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
