# SPDX-License-Identifier: Apache-2.0
"""Where the files that come with the package lie, and those of the user's models."""

import os
from pathlib import Path


def share_dir() -> Path:
    """Returns the folder that holds package.xml, config/, launch/, msg/ and srv/.

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


def models_home() -> Path:
    """Where models are looked up by name: $TIPS_ROS_MODELS, else ~/.cache/tips_ros/models."""
    return Path(os.environ.get("TIPS_ROS_MODELS") or "~/.cache/tips_ros/models").expanduser()
