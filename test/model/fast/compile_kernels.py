# SPDX-License-Identifier: Apache-2.0
"""Compiles the kernels of a file for GPUs that are not here, in a process of its own.

In one that has interpreted kernels Triton can't compile any more. It is given a line of JSON: the
file, the capabilities, and of each kernel the types of its pointers and floats, and its sizes.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

GPUS = [87, 90, 110, 120]  # Orin, H100, Thor, RTX 50


def compile_for_all(file: Path, kernels: dict[str, Any]) -> None:
    """Compiles kernels for each GPU that the Triton here knows; skips where that is not all."""
    import pytest

    known = known_gpus(GPUS)
    assert {87, 90} <= set(known)
    made = compiled(file, known, kernels)
    assert len(made) == len(known) * len(kernels) and all(code > 1000 for *_, code in made)
    if unknown := set(GPUS) - set(known):
        told = ", ".join(f"sm_{one}" for one in sorted(unknown))
        pytest.skip(f"compiled for all others: the assembler of this Triton knows no {told}")


def compiled(file: Path, capabilities: list[int], kernels: dict[str, Any]) -> list[list[Any]]:
    """[kernel, capability, bytes of its code] for each."""
    asked = json.dumps([str(file), capabilities, kernels])
    done = subprocess.run(
        [sys.executable, __file__, asked], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def known_gpus(wanted: list[int]) -> list[int]:
    """Those of the capabilities that the assemblers of the Triton installed know."""
    import triton

    known = ""
    for assembler in Path(triton.__file__).parent.glob("backends/nvidia/bin/ptxas*"):
        known += subprocess.run([assembler, "--help"], capture_output=True, text=True).stdout
    return [one for one in wanted if f"sm_{one}" in known]


def main() -> None:
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    file, capabilities, kernels = json.loads(sys.argv[1])
    spec = importlib.util.spec_from_file_location("kernels", file)
    assert spec is not None and spec.loader is not None
    sys.modules["kernels"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, (types, sizes) in kernels.items():
        kernel = getattr(module, name)
        signature = {arg: types.get(arg, "i32") for arg in kernel.arg_names}
        signature |= dict.fromkeys(sizes, "constexpr")
        for capability in capabilities:
            source = ASTSource(kernel, signature, sizes)
            made = triton.compile(source, target=GPUTarget("cuda", capability, 32))
            print(json.dumps([name, capability, len(made.asm["cubin"])]))


if __name__ == "__main__":
    main()
