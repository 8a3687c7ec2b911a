# SPDX-License-Identifier: Apache-2.0
"""A model whose heads do less work for the same maps."""

from __future__ import annotations

from tips_ros.model.fast.dpt.fast_heads import Early, FastDenseHead, FastDepthHead
from tips_ros.model.heads import DenseHead, DepthHead
from tips_ros.model.tips import HEAD_NAMES, Tips


def rewrite_heads(tips: Tips, early: Early = None) -> Tips:
    """The same model with its heads rewritten, for inference only.

    What is not rewritten, the backbone above all, is shared with the model given: it stays usable
    as long as neither is moved to another device or dtype. Rewrite before such a move: products of
    weights are taken in fp64 and rounded to the weights' dtype.

    Args:
        tips: a loaded model.
        early: whether heads convolve before their last ×2: a quarter of the work there, in more and
            smaller steps. By what it is worth on a CPU in fp32 if None. "gpu" is for those that
            Triton compiles for: it rounds the taps alone. False is for others in half precision,
            which would round each step (errors 1.5 to 2 times those of the plain heads, and else
            no larger than theirs), and for graphs to export.
    """
    fast = Tips(tips.backbone, tips.taps)
    for name in HEAD_NAMES:
        head = getattr(tips, name)
        if isinstance(head, DepthHead):
            setattr(fast, name, FastDepthHead(head, early))
        elif isinstance(head, DenseHead):
            setattr(fast, name, FastDenseHead(head, early))
    return fast.train(tips.training)
