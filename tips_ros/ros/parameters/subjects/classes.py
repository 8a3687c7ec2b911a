# SPDX-License-Identifier: Apache-2.0
"""The parameters of classes: prompts, and the colours that are laid over the picture."""

from __future__ import annotations

from tips_ros.ros.parameters.declaration import ParameterSpec

CLASS_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "semantic.overlay_alpha",
        0.5,
        "at once",
        "",
        "Weight of the class colours in ~/semantic/color.",
        low=0.0,
        high=1.0,
    ),
    ParameterSpec(
        "prompts",
        [],
        "at once",
        "",
        "Classes in words: `name`, `name: synonym | synonym`, or `@list`, a list of "
        "config/classes/ or a file. Empty is the model's own classes. ~/set_prompts sets this, "
        "prompt_background and prompt_thresholds together.",
        items=str,
    ),
    ParameterSpec(
        "prompt_background",
        [],
        "at once",
        "",
        "Other things in the scene, in words: they win the pixels that match them best, which "
        "stay unlabelled. `@model` is the model's own classes that are not prompted, and the "
        "default of an empty list; `@none` is no background, so that every pixel gets a prompt's "
        "class.",
        items=str,
    ),
    ParameterSpec(
        "prompt_list_folders",
        [],
        "at start",
        "",
        "Folders whose text files may be named as `@/path` by who calls ~/set_prompts or ~/locate, "
        "or sets prompts while the node runs. Empty is none but the lists that come along, and "
        "what prompts and prompt_background name at the start.",
        items=str,
    ),
    ParameterSpec(
        "prompt_thresholds",
        [],
        "at once",
        "",
        "Smallest confidence of a labelled pixel, 0 to 1: none, one for all prompts, or one for "
        "each.",
        items=float,
    ),
    ParameterSpec(
        "prompt_sliding_window",
        False,
        "at once",
        "",
        "Run zero-shot segmentation in sliding windows: finer, and several times slower.",
    ),
)
