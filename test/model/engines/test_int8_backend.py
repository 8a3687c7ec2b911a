# SPDX-License-Identifier: Apache-2.0
"""Int8 serves where this processor and this model let it; the next higher precision does if not."""

from __future__ import annotations

import sys

import pytest
import torch

from tips_ros.model.engines import Backend, EngineUnavailable, Target, select_backend
from tips_ros.model.fast import rewrite_for
from tips_ros.model.fast.int8 import Int8Linear, dtype_beside_int8, int8_is_there
from tips_ros.model.tips import Tips

from .few_weights import CPU, spoiled, with_only

module = sys.modules[select_backend.__module__]  # the package gives its name to the function
INT8 = Target(CPU, torch.int8, (56, 56))
NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16"}
needs_int8 = pytest.mark.skipif(not int8_is_there(), reason="this processor has no AVX-512 VNNI")


class TestInt8:
    """This processor and this model decide if it serves; the next higher one does if not."""

    @needs_int8
    def test_serves_beside_what_the_processor_has(self, tiny_tips: Tips):
        tips = with_only(tiny_tips, "depth")
        found = select_backend(tips, lambda dtype: rewrite_for(tips, "cpu", dtype), "torch", INT8)
        assert (found.backend, found.note, found.precision) == ("torch", "", torch.int8)
        assert found.dtype == dtype_beside_int8()
        assert {p.dtype for p in found.tips.parameters()} == {found.dtype}
        assert any(isinstance(module, Int8Linear) for module in found.tips.backbone.modules())

    @needs_int8
    def test_that_says_something_else_is_refused_for_the_next_higher_one(self, tiny_tips: Tips):
        def in_torch(dtype: torch.dtype) -> Tips:
            return spoiled(tiny_tips) if dtype == torch.int8 else tiny_tips

        found = select_backend(tiny_tips, in_torch, "torch", INT8)
        instead = NAMES[dtype_beside_int8()]
        assert found.dtype == found.precision == dtype_beside_int8()
        assert found.note.startswith(f"int8 refused, {instead} serves instead (normals: off by")

    def test_is_refused_by_name_on_a_processor_without_it(
        self, tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(module, "int8_is_there", lambda: False)
        found = select_backend(tiny_tips, lambda _: tiny_tips, "torch", INT8)
        assert found.precision != torch.int8
        assert "int8 refused" in found.note and "AVX-512 VNNI" in found.note

    def test_goes_up_to_fp32_where_nothing_lower_is_trusted(self, tiny_tips: Tips):
        def in_torch(dtype: torch.dtype) -> Tips:
            return tiny_tips if dtype == torch.float32 else spoiled(tiny_tips)

        found = select_backend(tiny_tips, in_torch, "torch", INT8)
        assert found.tips is tiny_tips
        assert found.dtype == found.precision == torch.float32
        assert found.note.count("refused") == (1 if dtype_beside_int8() == torch.float32 else 2)
        assert "fp32 serves instead" in found.note

    @pytest.mark.parametrize("backend", ["compiled", "openvino", "onnxruntime"])
    def test_is_torch_s_alone(self, tiny_tips: Tips, backend: Backend):
        with pytest.raises(EngineUnavailable, match="no precision int8; use backend auto or torch"):
            select_backend(tiny_tips, lambda _: tiny_tips, backend, INT8)
