# SPDX-License-Identifier: Apache-2.0
"""A product of matrices, a sum and a GELU in one step, where torch has it: no API promises it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SIZE = 64  # of the matrices that are tried
# A GPU's tanh is right to 2^-11; without the GELU or the bias it would be wrong by 0.2 and more.
_TOLERANCE = 5e-3


def gelu_product_is_there(device: str | torch.device, dtype: torch.dtype) -> bool:
    """True if `gelu_product` can be asked for and says what F.linear and F.gelu say.

    Args:
        device: is asked, as they differ.
        dtype: floating.
    """
    try:
        given = torch.linspace(-4, 4, _SIZE, device=device)
        x = torch.stack((given, -given, given.flip(0))).to(dtype)
        # Neither its transpose nor its own bias would do for it.
        weight = torch.eye(_SIZE, device=device, dtype=dtype).roll(1, 0)
        bias = (given / 2).to(dtype)
        found = gelu_product(x, weight, bias).float()
    except Exception:  # it may be missing, be called otherwise, or know no such device or precision
        return False
    if found.is_meta:  # there are no numbers to compare
        return found.shape == x.shape
    wanted = F.gelu(x.float() @ weight.float().t() + bias.float(), approximate="tanh")
    close = _TOLERANCE + torch.finfo(dtype).eps * wanted.abs()
    return found.shape == wanted.shape and bool(((found - wanted).abs() <= close).all())


def gelu_product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """GELU of (N, in) · (out, in)ᵀ + (out,) → (N, out); approximated by tanh on a GPU."""
    return torch._addmm_activation(bias, x, weight.t(), use_gelu=True)
