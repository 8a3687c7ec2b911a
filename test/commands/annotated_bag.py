# SPDX-License-Identifier: Apache-2.0
"""Depth and its scale, as `tips_ros bag` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tips_ros.bags import BagReader
from tips_ros.cli import main


def annotated(bag: Path, out: Path, *arguments: str) -> tuple[list[np.ndarray], list[Any]]:
    """Depth images (H, W) and scale messages."""
    assert main(["bag", str(bag), str(out), "--topics", "depth/image", *arguments]) == 0
    depths, infos = [], []
    with BagReader(out) as reader:
        for message in reader.messages(["/tips/depth/image", "/tips/depth/info"]):
            content = reader.deserialize(message)
            if message.topic.endswith("info"):
                infos.append(content)
            else:
                pixels = np.frombuffer(content.data, np.float32)
                depths.append(pixels.reshape(content.height, content.width))
    return depths, infos
