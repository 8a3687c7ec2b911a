# SPDX-License-Identifier: Apache-2.0
"""Triton's kernels, where Triton is: each caller has torch's way beside them."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import warnings
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import TypeVar

from torch import Tensor

logger = logging.getLogger(__name__)

Made = TypeVar("Made")
_refused: set[str] = set()  # modules that could not be compiled, as without a C compiler


@cache
def triton_is_there() -> bool:
    """Whether kernels can be asked for; a wheel of torch for JetPack brings no Triton."""
    return importlib.util.find_spec("triton") is not None


def run_kernel(name: str, like: Tensor, launch: Callable[[ModuleType], Made]) -> Made | None:
    """Runs what asks for kernels of a module of this package.

    Args:
        name: of the module.
        like: a tensor that they read.
        launch: is given the module.

    Returns:
        None where there is no GPU or no Triton, or where it can't compile; that is logged once.
    """
    if name in _refused or like.device.type != "cuda" or not triton_is_there():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Triton announces what its next version changes
            return launch(importlib.import_module(f"{__package__}.{name}"))
    except Exception as error:  # whatever Triton's compiler or loader stumbles over
        _refused.add(name)
        said = " ".join(str(error).split())[:200]
        logger.warning(
            "Triton can't compile %s here, torch does that work (%s: %s)",
            name,
            type(error).__name__,
            said,
        )
        return None
