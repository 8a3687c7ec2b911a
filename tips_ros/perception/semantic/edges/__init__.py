# SPDX-License-Identifier: Apache-2.0
"""Scores of patches → scores at the image's own edges."""

from tips_ros.perception.semantic.edges.guide import Guide
from tips_ros.perception.semantic.edges.sharpening import sharpen

__all__ = ["Guide", "sharpen"]
