# SPDX-License-Identifier: Apache-2.0
"""The same functions in less work: heads whose weights were transformed once, at load time.

`rewritten(tips)` gives a `Tips` that computes what it was given computes, up to rounding;
`rewritten_for` the one that is fastest on a device.
"""

from tips_ros.model.fast.rewrite import rewritten
from tips_ros.model.fast.ways import HEADS, Heads, rewritten_for

__all__ = ["HEADS", "Heads", "rewritten", "rewritten_for"]
