# SPDX-License-Identifier: Apache-2.0
"""Checkpoint files → modules. Foreign names are mapped here, once, strictly; no pickle is read."""

from tips_ros.model.checkpoints.dpt_zip import load_dpt_head
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.checkpoints.vision_npz import load_backbone

__all__ = ["CheckpointError", "load_backbone", "load_dpt_head"]
