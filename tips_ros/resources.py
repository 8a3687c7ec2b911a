# SPDX-License-Identifier: Apache-2.0
"""Folders of the files that come with the package, and of the user's models and caches."""

import os
from pathlib import Path


def share_dir() -> Path:
    """Returns the folder of package.xml, config/, launch/, models/, msg/, samples/ and srv/.

    That is the source tree when the package is imported from it, and
    `<prefix>/share/tips_ros` when it is installed, by colcon or by pip.

    Raises:
        FileNotFoundError: when neither is there.
    """
    # Not resolved: with colcon's --symlink-install the path as imported leads to the install
    # space, the resolved one to the source tree.
    package = Path(__file__).absolute().parent
    if (package.parent / "package.xml").is_file():
        return package.parent
    for prefix in package.parents:
        share = prefix / "share" / "tips_ros"
        if (share / "package.xml").is_file():
            return share
    raise FileNotFoundError(
        f"no share/tips_ros/package.xml above {package}: install the package with colcon or pip"
    )


def demo_model() -> Path:
    """The directory of the small model that comes with the package."""
    return share_dir() / "models" / "demo"


def sample_bag() -> Path:
    """The bag that comes with the package: a robot's drive through a rendered room."""
    return share_dir() / "samples" / "drive"


def sample_truth() -> Path:
    """The bag with the truth about images of `sample_bag`."""
    return share_dir() / "samples" / "drive_truth"


def text_cache() -> Path:
    """Folder of cached word embeddings: $XDG_CACHE_HOME/tips_ros/text, else below ~/.cache.

    Raises:
        RuntimeError: this user has no home.
    """
    return _caches() / "text"


def engine_cache() -> Path:
    """Folder of engines that take minutes to build: beside `text_cache`, with its errors."""
    return _caches() / "engines"


def _caches() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not caches.is_absolute():  # as its specification has it
        caches = Path("~/.cache").expanduser()
    return caches / "tips_ros"


def memory_folder() -> Path:
    """Folder of saved memories: $XDG_DATA_HOME/tips_ros/memory, else below ~/.local/share.

    Raises:
        RuntimeError: this user has no home.
    """
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():
        data = Path("~/.local/share").expanduser()
    return data / "tips_ros" / "memory"


def models_home() -> Path:
    """Folder of models by name: $TIPS_ROS_MODELS, else ~/.cache/tips_ros/models.

    Raises:
        FileNotFoundError: this user has no home.
    """
    try:
        return Path(os.environ.get("TIPS_ROS_MODELS") or "~/.cache/tips_ros/models").expanduser()
    except RuntimeError as error:
        raise FileNotFoundError(
            "this user has no home folder: name the one that models are kept in in TIPS_ROS_MODELS"
        ) from error
