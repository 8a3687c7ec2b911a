# SPDX-License-Identifier: Apache-2.0
"""Optional means that the rest works, and that one line says what goes without and what to type."""

from __future__ import annotations

import re

import pytest

from tips_ros.cli import COMMANDS
from tips_ros.libraries import (
    ENGINES,
    NEEDED,
    OPEN3D,
    OPTIONAL,
    explain_missing,
    pip_install,
)

from .conftest import only_line

pytestmark = pytest.mark.slow


def test_with_nothing_but_python_the_commands_are_listed(without):
    done = without(*(library.module for library in NEEDED)).tips_ros("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert all(re.search(f"\n    {command}\\s", done.stdout) for command in COMMANDS)


@pytest.mark.parametrize("module", [library.module for library in NEEDED])
def test_without_a_needed_library_one_line_names_it(without, photo, module):
    done = without(module).tips_ros("infer", photo)
    assert done.returncode == 2
    line = only_line(done)
    assert line.startswith(f"tips_ros: {module} is not installed: nothing runs; ")
    assert "-m pip install " in line


def test_infer_works_without_all_that_is_optional(without, photo, tmp_path):
    optional = {library.module for library in (*OPTIONAL, *ENGINES)} | {"transformers"}
    bare = without(*(optional - {"safetensors"}))  # the demo model is in their format
    done = bare.tips_ros("infer", photo, "--hfov-deg", "63", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "points.ply").is_file() and not (tmp_path / "overview.png").exists()
    assert pip_install("matplotlib") in done.stderr


@pytest.mark.parametrize("command", [["bench", "--plot"], ["eval", ".", "--worst"]])
def test_a_plot_that_nothing_can_draw_is_refused_before_the_work(without, tmp_path, command):
    done = without("matplotlib").tips_ros(*command, tmp_path / "a.png")
    assert done.returncode == 2 and only_line(done).endswith(pip_install("matplotlib"))


@pytest.mark.parametrize(
    ("module", "arguments", "says"),
    [
        ("open3d", ["--hfov-deg", "63", "--outlier-neighbors", "8"], OPEN3D.fix),
        ("openvino", ["--backend", "openvino"], pip_install("openvino")),
        ("onnxruntime", ["--backend", "onnxruntime", "--precision", "fp32"],
         pip_install("onnxruntime", "onnxscript")),
        # Words that no other test has encoded: those are kept.
        ("sentencepiece", ["--prompts", "door zqv, cup zqv"], pip_install("sentencepiece")),
        ("safetensors", [], pip_install("safetensors")),
    ],
)  # fmt: skip
def test_what_needs_it_says_so_and_what_to_type(without, photo, tmp_path, module, arguments, says):
    done = without(module).tips_ros("infer", photo, "--output", tmp_path, *arguments)
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
    assert says in done.stderr.splitlines()[-1]


def test_without_bars_there_are_lines(without, photo, tmp_path):
    done = without("tqdm").tips_ros("infer", photo, photo.parent, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 pictures → " in done.stdout


@pytest.mark.parametrize("library", OPTIONAL, ids=[library.module for library in OPTIONAL])
def test_what_goes_without_a_library_names_each_command_that_does(without, library):
    done = without(library.module).python(
        """
        from tips_ros.cli import COMMANDS, load_command
        for command in COMMANDS:
            try:
                load_command(command)
            except ImportError:
                print(command)
        """
    )
    assert done.returncode == 0, done.stderr
    named = re.findall(r"`(?:tips_ros )?(\w+)`", library.without)
    assert [command for command in done.stdout.split() if command not in named] == []


@pytest.mark.parametrize("library", ["rosbags", "mcap"])
def test_commands_about_bags_say_what_they_need(without, small_bag, tmp_path, library):
    done = without(library).python(
        f"""
        from tips_ros import cli
        bag, out = {str(small_bag)!r}, {str(tmp_path / "out")!r}
        for arguments in (
            ["bag", bag, out],
            ["bags", bag, out],
            ["view", bag, "--save", out + ".rrd"],
            ["eval", bag],
            ["calibrate", bag, "--output", out],
            ["finetune", bag, "--output", out],
            ["demo", "--bag", bag, "--output", out],
        ):
            assert cli.main(arguments) == 2, arguments
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"{library} is not installed") == 7, done.stderr
    assert done.stderr.count(f"pip install {library}") == 7


def test_without_tqdm_there_are_no_bars_and_the_work_is_done(without, small_bag):
    done = without("tqdm").tips_ros("bag", small_bag, "out")
    assert done.returncode == 0, done.stderr
    assert "2 of 2 images" in done.stdout


def test_a_library_that_is_there_and_broken_is_told_with_its_reason():
    error = ImportError("libGL.so.1: cannot open shared object file", name="cv2")
    reason = explain_missing(error)
    assert reason is not None and "cv2 can't be imported (libGL.so.1: cannot open" in reason


@pytest.mark.quick
def test_a_module_of_this_package_that_is_missing_is_no_library():
    assert explain_missing(ModuleNotFoundError("No module", name="tips_ros.modle")) is None
    assert explain_missing(ImportError("cannot import name 'x' from 'y'")) is None


def test_a_line_for_pip_can_be_pasted(monkeypatch):
    monkeypatch.setattr("sys.executable", "/home/me/my tips/.venv/bin/python")
    monkeypatch.setattr("sys.prefix", "/home/me/my tips/.venv")
    line = pip_install("transformers>=5.23")
    assert line == "'/home/me/my tips/.venv/bin/python' -m pip install 'transformers>=5.23'"


def test_a_system_s_python_is_told_that_it_may(monkeypatch, tmp_path):
    """Debian's and Ubuntu's refuses otherwise (PEP 668)."""
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr("sys.executable", "/usr/bin/python3")
    monkeypatch.setattr("sys.prefix", "/usr")
    monkeypatch.setattr("sys.base_prefix", "/usr")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    assert pip_install("open3d") == "python3 -m pip install --break-system-packages open3d"
