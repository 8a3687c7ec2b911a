# SPDX-License-Identifier: Apache-2.0
"""The same functions in less work: heads whose weights were transformed once, at load time.

`rewrite_heads(tips)` gives a `Tips` that computes what it was given computes, up to rounding;
`rewrite_for` the one that is fastest on a device.
"""

from tips_ros.model.fast.choose import HEADS, Heads, rewrite_for
from tips_ros.model.fast.rewrite import rewrite_heads

__all__ = ["HEADS", "Heads", "rewrite_heads", "rewrite_for"]
