# SPDX-License-Identifier: Apache-2.0
"""The files of a model's directory, by the part of the model that each holds.

Official names are recognised, `model.yaml` can name others, and a Hugging Face `model.safetensors`
holds several parts at once; a part in a file of its own goes before it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tips_ros.model.checkpoints.checkpoint_part import ROLES, SPOKEN, Role
from tips_ros.model.checkpoints.hugging_face import is_hugging_face
from tips_ros.perception.loading.model_settings import TOKENIZER, ModelSettings, read_settings

TOKENIZER_FILE = "tokenizer.model"

_OFFICIAL: dict[Role, re.Pattern[str]] = {
    "vision": re.compile(r"tips_.*_vision\.npz"),
    "text": re.compile(r"tips_.*_text\.npz"),
    "depth": re.compile(r"tips_.*_depth_dpt\.zip"),
    "normals": re.compile(r"tips_.*_normals_dpt\.zip"),
    "segmentation": re.compile(r"tips_.*_segmentation_dpt\.zip"),
}


class ModelNotFound(ValueError):
    """No such model here; the message says what to put where."""


@dataclass(frozen=True)
class ModelDirectory:
    """A directory's parts.

    Attributes:
        path: the directory.
        files: the file of each role that has one of its own.
        hugging_face: directories with a `model.safetensors` that may hold further roles.
        tokenizer: the SentencePiece model, or None.
        settings: what `model.yaml` says.
    """

    path: Path
    files: dict[Role, Path]
    hugging_face: tuple[Path, ...]
    tokenizer: Path | None
    settings: ModelSettings


def scan(directory: Path) -> ModelDirectory:
    """Looks at the names in a directory; nothing is read but `model.yaml`.

    Raises:
        ModelNotFound: no such directory, two files for one role, or a named file is not there.
        ModelSettingsError: see `read_settings`.
    """
    if not directory.is_dir():
        raise ModelNotFound(f"{directory}: there is no such directory")
    settings = read_settings(directory)
    files: dict[Role, Path] = {}
    for role in ROLES:
        if role in settings.files:
            files[role] = _present(settings.files[role])
            continue
        found = sorted(f for f in directory.iterdir() if _OFFICIAL[role].fullmatch(f.name))
        if len(found) > 1:
            names = ", ".join(f.name for f in found)
            raise ModelNotFound(
                f"{directory}: two files for {SPOKEN[role]}: {names}; keep one, or name it in "
                f"model.yaml as `{role}: {found[0].name}`"
            )
        if found:
            files[role] = found[0]
    tokenizer: Path | None = directory / TOKENIZER_FILE
    if TOKENIZER in settings.files:
        tokenizer = _present(settings.files[TOKENIZER])
    elif tokenizer is not None and not tokenizer.is_file():
        tokenizer = None
    hub = (directory,) if is_hugging_face(directory) else ()
    return ModelDirectory(directory, files, hub, tokenizer, settings)


def hub_snapshot(name: str) -> Path | None:
    """The directory of `owner/name` in the Hugging Face Hub's local cache, or None."""
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        home = Path(os.environ.get("HF_HOME") or f"{caches}/huggingface").expanduser()
        cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
    except RuntimeError:  # this user has no home
        return None
    repository = cache / f"models--{name.replace('/', '--')}"
    main = repository / "refs" / "main"
    if main.is_file():
        snapshot = repository / "snapshots" / main.read_text(errors="replace").strip()
        return snapshot if is_hugging_face(snapshot) else None
    snapshots = sorted((repository / "snapshots").glob("*/"), key=lambda p: p.stat().st_mtime)
    return next((s for s in reversed(snapshots) if is_hugging_face(s)), None)


def _present(file: Path) -> Path:
    if not file.is_file():
        raise ModelNotFound(f"{file}: named in model.yaml, but there is no such file")
    return file
