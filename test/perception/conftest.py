# SPDX-License-Identifier: Apache-2.0
"""Words about `tiny_tips`, the small model of these tests."""

from __future__ import annotations

from tips_ros.model.variants import VitConfig
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.description import ModelDescription

DESCRIPTION = ModelDescription(
    "tiny",
    "tiny",
    (56, 56),
    ClassList(tuple(f"class {i}" for i in range(150))),
    VitConfig(64, 4, 4, "mlp", 256, pos_grid=4),
)
