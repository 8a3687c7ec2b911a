# SPDX-License-Identifier: Apache-2.0
"""Writes the picture of a program that draws one."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def save_figure(
    picture: NDArray[np.uint8], path: Path, quality: int, parser: argparse.ArgumentParser
) -> None:
    """Writes a picture, (h, w, 3) in RGB, or ends the program and says why not."""
    try:
        Image.fromarray(picture).save(path, quality=quality)
    except (OSError, ValueError, KeyError) as error:  # the latter two: an ending it can't write
        parser.error(f"{path} can't be written: {error}")
