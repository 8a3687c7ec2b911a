# SPDX-License-Identifier: Apache-2.0
"""The keys of calibration files by whichever tool, and those that are misspelt."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

Field: TypeAlias = Literal[
    "width", "height", "size", "k", "intrinsics", "d", "model", "camera_model", "fisheye", "r", "p",
    "binning_x", "binning_y", "roi", "fx", "fy", "cx", "cy",
    "k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2",
]  # fmt: skip

# Capitals, underscores and spaces don't count. The first spelling is the one to suggest.
_SPELLINGS: dict[Field, tuple[str, ...]] = {
    "width": ("image_width", "width", "img_width"),
    "height": ("image_height", "height", "img_height"),
    "size": ("resolution", "image_size"),
    "k": ("camera_matrix", "k", "intrinsic_matrix", "mtx"),
    "intrinsics": ("intrinsics", "projection_parameters", "camera_intrinsics"),
    "d": (
        "distortion_coefficients", "d", "distortion_coeffs", "dist_coeffs", "dist_coeff", "dist",
        "distortion", "distortion_parameters", "parameters", "coeffs",
    ),
    "model": ("distortion_model", "distortion_type"),
    "camera_model": ("camera_model", "model_type", "model", "type"),
    "fisheye": ("fisheye_model",),
    "r": ("rectification_matrix", "r", "rectification"),
    "p": ("projection_matrix", "p", "projection"),
    "binning_x": ("binning_x",),
    "binning_y": ("binning_y",),
    "roi": ("roi",),
    "fx": ("fx", "mu"),
    "fy": ("fy", "mv"),
    "cx": ("cx", "ppx", "u0"),
    "cy": ("cy", "ppy", "v0"),
    "k1": ("k1",), "k2": ("k2",), "k3": ("k3",), "k4": ("k4",), "k5": ("k5",), "k6": ("k6",),
    "p1": ("p1",), "p2": ("p2",),
}  # fmt: skip
_OF_A_CAMERA: tuple[Field, ...] = ("width", "height", "size", "k", "intrinsics", "p", "fx")
_NEEDED: tuple[Field, ...] = ("width", "height", "size", "k", "d", "model")
_SHORTEST_MISSPELT = 5
_DEEPEST = 4


def _simplify(key: object) -> str:
    """A key without what doesn't count; ORB-SLAM's ``Camera.fx`` is fx."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^camera1?\.", "", str(key).lower()))


_FIELD_OF: dict[str, Field] = {
    _simplify(spelling): field for field, spellings in _SPELLINGS.items() for spelling in spellings
}


def cameras_in(
    content: Mapping[str, Any], name: str = "", depth: int = 0
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each camera of a file, by name: the file itself, or mappings inside it."""
    if any(_FIELD_OF.get(_simplify(key)) in _OF_A_CAMERA for key in content):
        yield name, dict(content)
        return
    pairs = _stereo_pair(content)
    if pairs:
        yield from pairs.items()
        return
    for key, value in content.items():
        many = len(value) > 1 if isinstance(value, list) else False
        for number, part in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(part, Mapping) and depth < _DEEPEST:
                yield from cameras_in(part, f"{key}{number if many else ''}", depth + 1)


def _stereo_pair(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Two cameras whose keys lie side by side: ``M1 D1 M2 D2`` of OpenCV's sample, ``K_left`` …"""
    found: dict[str, dict[str, Any]] = {}
    shared = {}
    for key, value in content.items():
        one = re.fullmatch(r"(.+?)_?(1|2|left|right|l|r)", str(key), re.IGNORECASE)
        stem = "K" if one and one[1] == "M" else one and one[1]
        if one and stem and _simplify(stem) in _FIELD_OF and isinstance(value, (Mapping, list)):
            found.setdefault(one[2].lower(), {})[stem] = value
        elif not isinstance(value, (Mapping, list)):
            shared[key] = value
    return {name: shared | camera for name, camera in found.items() if len(found) > 1}


def fields_of(camera: Mapping[str, Any], logger: logging.Logger, path: object) -> dict[Field, Any]:
    """A camera's values by what they mean; of two spellings of one field the first counts.

    Raises:
        ValueError: a needed key seems to be misspelt; one that can be done without is logged.
    """
    fields: dict[Field, Any] = {}
    unknown = []
    for key, value in camera.items():
        field = _FIELD_OF.get(_simplify(key))
        if field is None:
            unknown.append(key)
        else:
            fields.setdefault(field, value)
    for key in unknown:
        field = _closest_field(key)
        if (field is None or field in fields) and re.match(r"dist(_|ort)", str(key).lower()):
            field = "d"  # whatever it is, it must not be taken for no distortion
        if field is None or field in fields:
            continue
        told = f"{key} is not known: did you mean {_SPELLINGS[field][0]}?"
        if field in _NEEDED:
            raise ValueError(told)
        logger.warning("%s: %s", path, told)
    return fields


def _closest_field(key: object) -> Field | None:
    """The field whose spelling comes near, if it is a word at all."""
    words = [spelling for spelling in _FIELD_OF if len(spelling) >= _SHORTEST_MISSPELT]
    near = difflib.get_close_matches(_simplify(key), words, n=1, cutoff=0.8)
    return _FIELD_OF[near[0]] if near else None
