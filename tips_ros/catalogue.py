# SPDX-License-Identifier: Apache-2.0
"""Every official file of the TIPS and TIPSv2 releases: one frozen table."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Literal, get_args

from tips_ros.advice import as_typed

BASE_URL = "https://storage.googleapis.com/tips_data/"

Role = Literal["vision", "text", "depth", "normals", "segmentation", "tokenizer"]
ROLES: tuple[Role, ...] = get_args(Role)
Format = Literal["pytorch", "scenic"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True)
class RemoteFile:
    """One file of the official storage.

    Attributes:
        role: what it is for.
        path: where it is below the base address.
        size: bytes, computed from the parameter count: right to a percent, for messages and for
            telling a file from something else, never for verification.
        layout: whose parameter names a tower has; None for the other files.
        also: paths to try when `path` is not there; the file is stored under `path`'s name.
    """

    role: Role
    path: str
    size: int
    layout: Format | None = None
    also: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name it has in a model directory."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True)
class ModelFiles:
    """The files a released model is made of, as PyTorch and as JAX (Scenic) arrays."""

    name: str
    pytorch: tuple[RemoteFile, ...]
    scenic: tuple[RemoteFile, ...]

    @property
    def roles(self) -> tuple[Role, ...]:
        """Roles of the parts that the release has."""
        return tuple(file.role for file in self.pytorch)

    def files(
        self, layout: Format = "pytorch", roles: Collection[Role] | None = None
    ) -> tuple[RemoteFile, ...]:
        """The files in one format; with `roles`, those only."""
        files = self.pytorch if layout == "pytorch" else self.scenic
        return tuple(file for file in files if roles is None or file.role in roles)


@dataclass(frozen=True)
class _Release:
    """One row: the names of a model's files, and their sizes in MB (fp32)."""

    name: str
    folder: str
    pytorch: str
    scenic: str
    vision_mb: int
    text_mb: int
    heads: str | None = None
    head_mb: int = 0
    scenic_also: str | None = None


def _v1(name: str, stem: str, vision_mb: int, text_mb: int) -> _Release:
    """v1 has the same names in both formats, and no heads."""
    return _Release(name, "v1_0", stem, stem, vision_mb, text_mb)


_V2 = "v2_0"
_RELEASES = (
    _Release("tipsv2-b14", _V2, "tips_v2_oss_b14", "tips_v2_b14", 345, 439, "tips_v2_b14", 96),
    _Release("tipsv2-l14", _V2, "tips_v2_oss_l14", "tips_v2_l14", 1216, 736, "tips_v2_l14", 136),
    # Google's README says tips_v2_so14 for JAX, its download script and notebook so400m14.
    _Release(
        "tipsv2-so400m14",
        _V2,
        "tips_v2_oss_so14",
        "tips_v2_so14",
        1654,
        1793,
        heads="tips_v2_so400m14",
        head_mb=159,
        scenic_also="tips_v2_so400m14",
    ),
    _Release("tipsv2-g14", _V2, "tips_v2_oss_g14", "tips_v2_g14", 4544, 1557, "tips_v2_g14", 246),
    _v1("tips-s14", "tips_oss_s14_highres_distilled", 88, 134),
    _v1("tips-b14", "tips_oss_b14_highres_distilled", 345, 439),
    _v1("tips-l14", "tips_oss_l14_highres_distilled", 1216, 736),
    _v1("tips-so400m14", "tips_oss_so400m14_highres_largetext_distilled", 1654, 1793),
    _v1("tips-g14", "tips_oss_g14_highres", 4544, 1557),
    _v1("tips-g14-lowres", "tips_oss_g14_lowres", 4539, 1557),
)
_TOKENIZER = RemoteFile("tokenizer", "v1_0/checkpoints/tokenizer.model", 800_000)
_HEAD_ROLES: tuple[Role, ...] = ("depth", "normals", "segmentation")
_HUB_OWNER = "google/"
_FIRST = "tipsv2-b14"  # for whoever has none yet: the smallest that has all there is


def _model(row: _Release) -> ModelFiles:
    checkpoints = f"{row.folder}/checkpoints"
    heads = tuple(
        # The heads were only released as JAX arrays.
        RemoteFile(role, f"{checkpoints}/scenic/{row.heads}_{role}_dpt.zip", row.head_mb * 10**6)
        for role in (_HEAD_ROLES if row.heads else ())
    )

    def towers(layout: Format, stem: str, also: str | None) -> tuple[RemoteFile, ...]:
        folder = f"{checkpoints}/{layout}"
        sizes: tuple[tuple[Role, int], ...] = (("vision", row.vision_mb), ("text", row.text_mb))
        return tuple(
            RemoteFile(
                role,
                f"{folder}/{stem}_{role}.npz",
                size_mb * 10**6,
                layout,
                (f"{folder}/{also}_{role}.npz",) if also else (),
            )
            for role, size_mb in sizes
        )

    return ModelFiles(
        row.name,
        (*towers("pytorch", row.pytorch, None), *heads, _TOKENIZER),
        (*towers("scenic", row.scenic, row.scenic_also), *heads, _TOKENIZER),
    )


MODELS: Mapping[str, ModelFiles] = MappingProxyType({row.name: _model(row) for row in _RELEASES})


def model_files(name: str) -> ModelFiles:
    """The files of the released model `name`; ValueError names what there is instead."""
    if name in MODELS:
        return MODELS[name]
    if name.startswith(_HUB_OWNER):
        raise ValueError(
            f"{name} is a Hugging Face model: tips_ros reads it from the Hub's local cache or from "
            "a directory, and downloads Google's storage files only: "
            + as_typed(f"tips_ros download {_sibling(name)}")
        )
    close = difflib.get_close_matches(name, MODELS, n=1)
    hint = f"did you mean {close[0]}? there are" if close else "there are"
    raise ValueError(f"no released model is called {name!r}: {hint} {', '.join(MODELS)}")


def download_advice(name: str, roles: Collection[Role] | None = None) -> str:
    """One line for somebody whose model is missing: the exact command and the size.

    Args:
        name: of a released model, or `google/tipsv2-…` for one of the Hugging Face Hub.
        roles: the files that are missing; None for all.
    """
    if name.startswith(_HUB_OWNER):
        sibling = _sibling(name)
        return (
            f"model {name} is not in the Hugging Face Hub's local cache: fetch it there, name a "
            f"directory that holds it, or take the same weights from Google's storage: "
            f"{as_typed(f'tips_ros download {sibling}')} ({_size_of(sibling)})"
        )
    if roles is None:
        return f"model {name} is not here; get it with: {_line(name)} ({_size_of(name)})"
    wanted = ",".join(role for role in ROLES if role in roles)
    return (
        f"model {name} has no {wanted} here; get it with: "
        f"{_line(name)} --only {wanted} ({_size_of(name, roles)})"
    )


def real_world_advice(given_as: str = "--model ") -> str:
    """One line for somebody whose model knows little: what to type for one that knows more.

    Args:
        given_as: what stands before the model's name where it is chosen.
    """
    return (
        f"for real pictures, Google's weights: {_line(_FIRST)} ({_size_of(_FIRST)}), "
        f"then {given_as}{_FIRST}"
    )


def readable_size(count: int) -> str:
    """Bytes as people write them: 345 MB, 1.1 GB."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size * 0.9995:
            digits = 1 if unit == "GB" and count < 100 * size else 0
            return f"{count / size:.{digits}f} {unit}"
    return f"{count} bytes"


def _line(name: str) -> str:
    return as_typed(f"tips_ros download {name}")


def _size_of(name: str, roles: Collection[Role] | None = None) -> str:
    return readable_size(sum(file.size for file in MODELS[name].files(roles=roles)))


def _sibling(hub_name: str) -> str:
    name = hub_name.removeprefix(_HUB_OWNER).removesuffix("-dpt")
    return name if name in MODELS else next(iter(MODELS))
