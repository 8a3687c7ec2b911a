# SPDX-License-Identifier: Apache-2.0
"""Files imported as modules of another name: scripts, and kernels that are to run another way."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def import_again(file: Path, name: str) -> ModuleType:
    """Imports the file as a module of this name, beside one that may be there."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
