# SPDX-License-Identifier: Apache-2.0
"""Users without a home folder can do everything but find models there."""

from pathlib import Path

import pytest

from tips_ros import cli
from tips_ros.perception.loading.model_directory import hub_snapshot
from tips_ros.resources import models_home


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch):
    """As a container does it: no HOME, and a number for a user that no file knows."""

    def expanduser(path: Path) -> Path:
        if str(path).startswith("~"):
            raise RuntimeError("Could not determine home directory.")
        return path

    for name in ("HOME", "TIPS_ROS_MODELS", "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "expanduser", expanduser)


def test_without_a_home_the_error_names_the_variable(homeless):
    with pytest.raises(FileNotFoundError, match="name the one .* in TIPS_ROS_MODELS"):
        models_home()


def test_without_a_home_models_can_be_kept_elsewhere(
    homeless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path))
    assert models_home() == tmp_path


def test_without_a_home_there_is_no_local_cache_of_the_hub(homeless):
    assert hub_snapshot("google/tipsv2-b14") is None


@pytest.mark.parametrize(
    "arguments",
    [["infer", "picture.png", "--model", "tipsv2-b14"], ["download", "tipsv2-b14"]],
    ids=["infer", "download"],
)
def test_without_a_home_commands_end_in_one_line(arguments: list[str], homeless, tmp_path, capsys):
    import cv2
    import numpy as np

    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), np.zeros((32, 32, 3), np.uint8))
    given = [str(picture) if a == picture.name else a for a in arguments]
    assert cli.main([*given, "--output", str(tmp_path / "out")] if given[0] == "infer" else given)
    said = capsys.readouterr().err.strip()
    assert "TIPS_ROS_MODELS" in said.splitlines()[-1]


@pytest.mark.slow
def test_without_a_home_the_doctor_says_so_and_goes_on(homeless, capsys):
    cli.main(["doctor"])
    said = capsys.readouterr().out
    assert "this user has no home folder" in said
    assert "Could not determine" not in said
