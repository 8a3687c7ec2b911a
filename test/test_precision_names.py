# SPDX-License-Identifier: Apache-2.0
"""A precision has one spelling, in what is printed, logged, drawn, set and written about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tips_ros.model.precisions import PRECISIONS, precision_name

SOURCE = Path(__file__).resolve().parents[1]
# Every other way that people write them; the extensions of processors have names of their own.
OTHER = re.compile(
    r"(?<!AVX-512 )(?<!AVX512[-_])(?<![\w.])(?:"
    r"FP-?(?:32|16|8|4)|BF-?16|INT-?8|[fF]p-(?:16|32)|Fp(?:16|32)|[bB]f-16|Bf16|[iI]nt-8|Int8"
    r"|torch\.(?:float16|float32|bfloat16|int8)|b?float16|fp16bf|half[ -]precision|single precision"
    r")\b"
)
PAGES = [
    *SOURCE.glob("*.md"), *SOURCE.glob("docs/*.md"), *SOURCE.glob("*/README.md"),
    *SOURCE.glob("models/*/README.md"), SOURCE / "CHANGELOG.rst", SOURCE / "package.xml",
    *SOURCE.glob("config/*.yaml"), *SOURCE.glob("launch/*.py"), *SOURCE.glob("msg/*.msg"),
    *SOURCE.glob("srv/*.srv"),
]  # fmt: skip
# Keys of files and of libraries, which nobody is shown; and rosidl's name of a type.
NOT_SHOWN = {"F16", "BF16", "float16", "bfloat16"}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_page_spells_them_one_way(page: Path):
    found = OTHER.findall(page.read_text(encoding="utf-8"))
    assert not found, f"fp32, bf16, fp16 and int8 are what they are called: {found}"


def shown(path: Path) -> Iterator[str]:
    """Each string of a program that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    yield from (
        node.value for node in strings if isinstance(node.value, str) and id(node) not in documents
    )


def test_what_is_printed_or_logged_spells_them_one_way():
    programs = [p for folder in ("tips_ros", "benchmarks") for p in (SOURCE / folder).rglob("*.py")]
    assert len(programs) > 400
    suspects = [path for path in programs if OTHER.search(path.read_text(encoding="utf-8"))]
    assert suspects, "code names torch's formats somewhere"
    told = {
        f"{path.relative_to(SOURCE)}: {text}"
        for path in suspects
        for text in shown(path)
        if text not in NOT_SHOWN and OTHER.search(text)
    }
    assert not told


def test_a_tensor_s_number_format_is_never_printed_as_torch_has_it():
    """In rooms whose dtypes are torch's, a text with one in it goes through `precision_name`."""
    rooms = ("model", "bench", "doctor", "perception/loading", "perception/overview")
    files = [path for room in rooms for path in (SOURCE / "tips_ros" / room).rglob("*.py")]
    unnamed = [
        f"{path.relative_to(SOURCE)}:{part.lineno}"
        for path in files
        for part in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(part, ast.FormattedValue)
        and re.search(r"(^|\.)dtype$", ast.unparse(part.value))
    ]
    # A key that is hashed; an array in a file of weights, whose format is NumPy's.
    allowed = {"tips_ros/model/engines/cache_key.py", "tips_ros/model/checkpoints/archive.py"}
    assert not [place for place in unnamed if place.partition(":")[0] not in allowed]


def test_each_precision_has_its_name():
    assert set(PRECISIONS) == {"fp32", "bf16", "fp16", "int8"}
    assert [precision_name(dtype) for dtype in PRECISIONS.values()] == list(PRECISIONS)


@pytest.mark.parametrize(
    "wrong", ["FP16", "BF16", "bfloat16", "half precision", "torch.float32", "INT8", "fp-16"]
)
def test_another_spelling_is_noticed(wrong: str):
    assert OTHER.search(f"serves in {wrong}, as asked")
    assert not OTHER.search("AVX-512 BF16 and avx512_bf16 in fp32, bf16, fp16, int8, float32 NaN")
