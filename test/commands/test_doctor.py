# SPDX-License-Identifier: Apache-2.0
"""`tips_ros doctor`: a report for people or programs; 1 only where something is broken."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tips_ros import cli
from tips_ros.doctor import ros


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No models and no settings of whoever runs the tests."""
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("RMW_IMPLEMENTATION", "ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command; gives the exit code and what was printed."""

    def run(*args: object) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.main(["doctor", *map(str, args)])
        return code, capsys.readouterr().out

    return run


def test_a_machine_that_runs_the_tests_has_nothing_broken(doctor: Any):
    code, out = doctor()
    titles = [line for line in out.splitlines() if line and not line.startswith(("-", "!", " "))]
    assert titles[:5] == ["Python and platform", "Libraries", "PyTorch", "ROS", "Models"]
    assert code == 0 and out.endswith("Nothing is broken; `-` marks what is absent.\n")
    assert all(len(line) <= 100 for line in out.splitlines() if "/" not in line)


def test_programs_get_json(doctor: Any):
    code, out = doctor("--json")
    data = json.loads(out)
    assert code == 0 and data["broken"] is False
    assert {"Libraries", "PyTorch", "ROS"} <= {section["title"] for section in data["sections"]}


def test_a_model_with_a_changed_file_is_broken(
    doctor: Any, tiny_language_model: Path, tmp_path: Path
):
    code, out = doctor("--model", tiny_language_model, "--hash")
    assert code == 0 and "vision, text, depth, normals, segmentation, tokenizer" in out
    [depth] = tiny_language_model.glob("*_depth_dpt.zip")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / depth.name).write_bytes(depth.read_bytes())
    (copy / "SHA256SUMS").write_text(f"{'0' * 64}  {depth.name}\n")
    code, out = doctor("--model", copy, "--hash")
    assert code == 1 and f"! {depth.name}" in out
    assert "Something is broken" in out


def test_the_engines_are_named(doctor: Any):
    _, out = doctor()
    for name in ("torch", "compiled", "openvino", "onnxruntime"):
        assert f" backend {name} " in out


def test_the_model_that_runs_where_none_is_named_is_loaded(doctor: Any):
    _, out = doctor()
    assert "Model demo\n  loading  works: TIPS 6 blocks of width 192, heads depth" in out


def test_what_infer_refuses_is_broken(doctor: Any, tiny_language_model: Path, tmp_path: Path):
    """As `infer` does, by sizes that do not fit each other, which no name or hash tells."""
    copy = tmp_path / "copy"
    shutil.copytree(tiny_language_model, copy)
    settings = copy / "model.yaml"
    for mistake in ("input_size: [57, 56]", "classes: [wall, floor]", "taps: [0, 1, 2, 99]"):
        kept = [line for line in settings.read_text().splitlines() if line[:4] != mistake[:4]]
        settings.write_text("\n".join([*kept, mistake]))
        code, out = doctor("--model", copy)
        assert code == 1 and "! loading" in out and "Nothing is broken" not in out
        shutil.copy(tiny_language_model / "model.yaml", settings)
    assert doctor("--model", copy)[0] == 0


def test_half_a_released_model_is_broken_and_whole_ones_are_not_called_looked_at(
    doctor: Any, tiny_language_model: Path, tmp_path: Path
):
    home = tmp_path / "models"
    (home / "tipsv2-b14").mkdir(parents=True)
    (home / "tipsv2-b14" / "tokenizer.model").write_bytes(b"")
    code, out = doctor()
    assert code == 1 and "! loading" in out and "tips_ros download tipsv2-b14" in out
    shutil.rmtree(home / "tipsv2-b14")
    shutil.copytree(tiny_language_model, home / "mine")
    code, out = doctor()
    assert code == 0 and f"Not loaded, so not looked at: {home / 'mine'}" in out
    assert "Nothing is broken" not in out


@pytest.mark.parametrize("absent", ["torch", "numpy", "yaml"])
def test_without_a_needed_library_the_report_still_comes(
    doctor: Any, monkeypatch: pytest.MonkeyPatch, absent: str
):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, package=None: None if name == absent else find_spec(name, package),
    )
    code, out = doctor()
    assert code == 1 and f"! {absent}" in out and "\nROS\n" in out


def test_a_check_that_fails_does_not_end_the_report(doctor: Any, monkeypatch: pytest.MonkeyPatch):
    def fail(name: str) -> bool:
        raise RuntimeError("what a day")

    monkeypatch.setattr(ros, "is_here", fail)
    code, out = doctor()
    assert code == 1 and "failed (what a day)" in out and "\nModels\n" in out


def test_a_picture_that_is_none_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["doctor", "--oracle-image", str(tmp_path / "none.jpg")]) == 2
    assert capsys.readouterr().err.endswith("there is no such file; name a picture\n")


def test_the_command_is_known_before_torch_or_ros_is_imported():
    code = (
        "import sys; import tips_ros.commands.doctor; "
        "sys.exit(bool({'torch', 'numpy', 'cv2', 'rclpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
