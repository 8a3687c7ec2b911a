# SPDX-License-Identifier: Apache-2.0
"""A rectangle that glows, such as a lamp or a window by day."""

from __future__ import annotations

from typing import NamedTuple


class AreaLight(NamedTuple):
    """A glowing rectangle that shines along `edge_u x edge_v`; `power` is linear RGB."""

    corner: tuple[float, float, float]
    edge_u: tuple[float, float, float]
    edge_v: tuple[float, float, float]
    power: tuple[float, float, float]
