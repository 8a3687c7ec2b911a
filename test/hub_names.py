# SPDX-License-Identifier: Apache-2.0
"""Names of tensors in Hugging Face files."""

from __future__ import annotations

import re

_HEAD_NAMES = (
    (r"^dpt\.reassemble\.(\d)\.readout", r"reassemble.readout_projects.\1"),
    (r"^dpt\.reassemble\.(\d)\.projection", r"reassemble.out_projections.\1"),
    (r"^dpt\.reassemble\.(\d)\.resize", r"reassemble.resize_layers.\1"),
    (r"^dpt\.fusions\.(\d)\.unit", r"fusion_blocks.\1.main_unit"),
    (r"^dpt\.fusions\.(\d)\.skip_unit", r"fusion_blocks.\1.residual_unit"),
    (r"^dpt\.fusions", r"fusion_blocks"),
    (r"^dpt\.", ""),
)


def hub_name(role: str, name: str) -> str:
    """The name in a Hugging Face file of what this package calls `name`, in the part `role`."""
    if role in ("vision", "text"):
        return f"{role}_encoder.{name}"
    if name.startswith("head."):
        return f"{role}_head.{role}_{name}"
    for pattern, replacement in _HEAD_NAMES:
        name, count = re.subn(pattern, replacement, name)
        if count:
            break
    return f"{role}_head.{name}"
