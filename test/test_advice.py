# SPDX-License-Identifier: Apache-2.0
"""Commands that people are told to type can be pasted: through ./run, or without."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tips_ros import catalogue, cli
from tips_ros.advice import as_typed
from tips_ros.perception.deviation.model import deviation_model
from tips_ros.ros.process import command_line

SOURCE = Path(__file__).resolve().parents[1]
COMMANDS = "|".join(cli.COMMANDS)
LINE = re.compile(rf"(?<![\w/])(?:tips_ros (?:{COMMANDS}|COMMAND)|tips_node --|tips_view --)\b")
# Sentences that name a command and tell nobody to type it.
NAMED_ONLY = (
    "no `backend: onnxruntime`, no `tips_ros export`",
    "no `tips_ros bag`, `bags`, `view`, `eval`, `calibrate`, `finetune` or `demo`",
    "no node, no `tips_ros bag`, `bags`, `view`, `eval`, `calibrate`, `finetune` or `demo`",
    "no node, no `tips_ros bag`, `bags`, `find`, `view`, `calibrate`, `finetune`, `bench` or "
    "`demo`",
    "no `tips_ros bags --ray`",
    "no `tips_ros download`",
    "no node and no live topics; `tips_ros infer` and `tips_ros bag` need no ROS",
    "no `tips_ros view` and no `demo --view`",
    "a bag, such as `tips_ros bag` or `demo` wrote",
    "On the frames kept apart, by the code of `tips_ros eval`, before and after:",
    "By `tips_ros finetune` ",
    "# The depth head was fine-tuned by `tips_ros finetune`: see README.md.\n",
    "tips_ros demo: ",
)


@pytest.fixture
def through_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPS_ROS_CALLED_AS", "../tips\\ ros/run exec")


def test_without_run_a_line_is_as_the_shell_finds_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TIPS_ROS_CALLED_AS", raising=False)
    assert as_typed("tips_ros doctor") == "tips_ros doctor"


def test_through_run_a_line_begins_as_run_was_called(through_run: None):
    assert as_typed("tips_ros doctor") == "../tips\\ ros/run exec tips_ros doctor"


@pytest.mark.slow
def test_all_that_prints_a_line_to_type_asks_for_its_form():
    """Each string of the sources with a command line in it is an argument of `typed`."""
    unasked = []
    for path in sorted((SOURCE / "tips_ros").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        asked = {
            id(part)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "as_typed"
            for part in ast.walk(call)
        }
        documents = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        unasked += [
            f"{path.name}: {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in asked | documents
            and LINE.search(node.value)
            and node.value not in NAMED_ONLY
            and path.parent.name != "subjects"  # of parameters, for the pages made of them
        ]
    assert not unasked


@pytest.mark.usefixtures("through_run")
class TestThroughRun:
    def test_a_missing_model_is_got_with_a_line_for_run(self):
        line = "get it with: ../tips\\ ros/run exec tips_ros download tipsv2-b14 (1.1 GB)"
        assert catalogue.download_advice("tipsv2-b14").endswith(line)
        some = catalogue.download_advice("tipsv2-b14", ["text"])
        assert "../tips\\ ros/run exec tips_ros download tipsv2-b14 --only text" in some
        assert "/run exec tips_ros download" in catalogue.download_advice("google/tipsv2-b14")

    def test_a_model_of_rooms_names_the_line_for_others(self):
        advice = catalogue.real_world_advice()
        line = "../tips\\ ros/run exec tips_ros download tipsv2-b14 (1.1 GB), then --model"
        assert line in advice

    def test_a_deviation_that_is_none_is_made_with_a_line_for_run(self):
        with pytest.raises(ValueError, match=r"\.\./tips\\ ros/run exec tips_ros calibrate writes"):
            deviation_model({"alone": {}})

    @pytest.mark.parametrize("command", cli.COMMANDS)
    def test_help_shows_usage_and_examples_as_they_are_typed(self, command: str, capsys: Any):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        printed = capsys.readouterr().out
        lines = re.findall(r"^ *(?:usage: )?(.*)(?=tips_ros " + command + r"\b)", printed, re.M)
        assert lines and set(lines) == {"../tips\\ ros/run exec "}

    def test_the_node_s_help_and_complaints_are_for_run(self):
        assert "usage: ../tips\\ ros/run exec tips_node [--help]" in command_line.help_text()
        with pytest.raises(ValueError, match=r"see \.\./tips\\ ros/run exec tips_node --help"):
            command_line.check(["--oops"])

    @pytest.mark.slow
    def test_a_typing_mistake_shows_the_usage_for_run(self):
        done = subprocess.run(
            [sys.executable, "-m", "tips_ros", "infer", "--nope"], capture_output=True, text=True
        )
        assert done.returncode == 2
        assert done.stderr.startswith("usage: ../tips\\ ros/run exec tips_ros infer ")


def test_run_tells_what_it_starts_how_it_was_called():
    script = (SOURCE / "run").read_text(encoding="utf-8")
    assert 'export TIPS_ROS_CALLED_AS="$CALLED exec"' in script
    assert script.count("use_own_name\n") == 3  # exec, demo, view; a shell has our programs on PATH
    assert "unset TIPS_ROS_CALLED_AS" in script
