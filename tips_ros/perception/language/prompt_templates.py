# SPDX-License-Identifier: Apache-2.0
"""The sentences a class name is put into before it is embedded."""

from __future__ import annotations

from collections.abc import Sequence

_SLOT = "{}"

# Those of TCL (Cha et al., CVPR 2023), with which TIPS' zero-shot numbers were measured: seven of
# CLIP's for ImageNet, and two for many things.
TCL_TEMPLATES: tuple[str, ...] = (
    "itap of a {}.",
    "a bad photo of a {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
    "a photo of many {}.",
    "a photo of {}s.",
)


def sentences(words: Sequence[str], templates: Sequence[str] = TCL_TEMPLATES) -> list[str]:
    """Every word in every template, word by word.

    Raises:
        ValueError: no word or template, an empty word, or a template without its one `{}`.
    """
    if not words or not templates:
        raise ValueError("a class needs at least one word and one prompt template")
    if not all(word.strip() for word in words):
        raise ValueError(f"an empty word among {list(words)}; remove it")
    for template in templates:
        if template.count(_SLOT) != 1:
            raise ValueError(f"prompt template {template!r} must hold {_SLOT} once, for the name")
    # Not str.format: a word may hold braces of its own.
    return [template.replace(_SLOT, word.strip()) for word in words for template in templates]
