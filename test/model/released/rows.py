# SPDX-License-Identifier: Apache-2.0
"""The rows of docs/checkpoints.md: released files, and the commands that get and load them."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tips_ros.catalogue import MODELS, RemoteFile
from tips_ros.commands import download
from tips_ros.model.variants import Variant, variant_named

TABLE = Path(__file__).resolve().parents[3] / "docs" / "checkpoints.md"


class Row(NamedTuple):
    """One line of the table: a file or repository and its two commands."""

    file: str
    get: list[str]
    load: list[str]

    @property
    def is_hub(self) -> bool:
        return self.file.startswith("google/")


def rows() -> Iterator[Row]:
    pattern = re.compile(r"\| `([^`]+)` \| [^|]+ \| `([^`]+)` \| `([^`]+)` \|")
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if match := pattern.fullmatch(line):
            yield Row(match[1], shlex.split(match[2]), shlex.split(match[3]))


def gotten(row: Row) -> tuple[str, RemoteFile, str]:
    """(model, file, format) that the row's command would download."""
    assert row.get[:2] == ["tips_ros", "download"]
    parser = argparse.ArgumentParser()
    download.add_arguments(parser)
    args = parser.parse_args(row.get[2:])
    (file,) = MODELS[args.name].files(args.format, args.only.split(","))
    return args.name, file, args.format


ROWS = [row for row in rows() if not row.is_hub]


TOWERS_AND_HEADS = [row for row in ROWS if row.file != "tokenizer.model"]


REPOSITORIES = [row for row in rows() if row.is_hub]


def ids(row: Row) -> str:
    return row.file if row.is_hub else f"{gotten(row)[2]}-{row.file}"


def variant_of_model(model: str) -> Variant:
    size = model.removeprefix("google/").removesuffix("-dpt").split("-")[1].removesuffix("14")
    return variant_named({"so400m": "SO400m", "g": "g"}.get(size, size.upper()))
