# SPDX-License-Identifier: Apache-2.0
"""A model directory with a new depth head: all other files are copies of the first model's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from tips_ros.model.checkpoints.dpt_zip import write_depth_zip
from tips_ros.model.heads import DepthHead
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.loading.model_directory import ModelDirectory, ModelNotFound
from tips_ros.perception.loading.model_settings import SETTINGS_FILE
from tips_ros.texts.yaml_text import load_yaml

HEAD_FILE = "tips_finetuned_depth_dpt.zip"
_HEAD = "# The depth head was fine-tuned by `tips_ros finetune`: see README.md.\n"


def copied_files(found: ModelDirectory) -> list[Path]:
    """Returns the files of a model that stay as they are: everything but its depth head's own.

    Raises:
        ModelNotFound: parts of it lie in two Hugging Face repositories, whose files share names.
    """
    if len(found.hugging_face) > 1:
        places = " and ".join(str(path) for path in found.hugging_face)
        raise ModelNotFound(
            f"{found.path}: its parts lie in {places}; copy the one with image encoder and heads "
            "into a directory of its own, and give that as --model"
        )
    files = [file for role, file in found.files.items() if role != "depth"]
    if found.tokenizer is not None:
        files.append(found.tokenizer)
    for folder in found.hugging_face:
        files += [*sorted(folder.glob("*.safetensors")), *sorted(folder.glob("*.json"))]
    return list(dict.fromkeys(files))


def write_directory(
    folder: Path, found: ModelDirectory, head: DepthHead, description: ModelDescription, knows: str
) -> None:
    """Writes a directory that loads as a model.

    Args:
        folder: empty.
        found: the files of the model that was adapted.
        head: the new depth head.
        description: of the model that was adapted.
        knows: what to say besides of what it was trained for, where the model says that at all.

    Raises:
        ModelNotFound: see `copied_files`.
        OSError: something can't be copied or written.
    """
    for file in copied_files(found):
        shutil.copyfile(file, folder / file.name)
    write_depth_zip(head, folder / HEAD_FILE)
    own = found.path / SETTINGS_FILE
    stored = load_yaml(own.read_text(encoding="utf-8")) if own.is_file() else None
    settings: dict[str, Any] = dict(stored or {})
    if isinstance(settings.get("classes"), str):  # a file of their names
        shutil.copyfile(found.path / settings["classes"], folder / settings["classes"])
    settings.pop("depth", None)
    settings.pop("depth_stddev", None)  # was fitted to the head that it had
    bins = head.bins
    settings |= {
        "depth_range_m": [bins.min_m, bins.max_m],
        "depth_relu_after_project": bins.relu_after_project,
        "taps": list(description.taps),
        "input_size": list(description.input_size),
        "focal_ratio": description.focal_ratio,
    }
    if description.knows:
        settings["knows"] = f"{description.knows}, and the depth of {knows}"
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=88)
    (folder / SETTINGS_FILE).write_text(_HEAD + text, encoding="utf-8")
