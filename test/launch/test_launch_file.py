# SPDX-License-Identifier: Apache-2.0
"""launch/tips.launch.py: what can be known of it by reading it.

Without a ROS installation there is no `launch`, so these tests read the file's syntax tree.
"""

from __future__ import annotations

import ast

import pytest

from tips_ros.ros.parameters.table import PARAMETERS

from .launch_file import ARGUMENTS, PLAIN, SOURCE, TREE

DECLARED = {p.name: p for p in PARAMETERS}
AS_PARAMETERS = (*PLAIN["TEXTS"], *PLAIN["SWITCHES"], *PLAIN["LISTS"])


@pytest.mark.parametrize("name", ARGUMENTS)
def test_each_argument_is_described_in_sentences(name: str):
    description = ARGUMENTS[name]["description"]
    assert description.endswith(".")
    assert description[0].isupper()


def test_each_argument_is_used_and_each_one_used_is_declared():
    calls = [n for n in ast.walk(TREE) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    read = {
        argument.value
        for call in calls
        if call.func.id == "given"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }
    assert read | set(AS_PARAMETERS) == set(ARGUMENTS)


@pytest.mark.parametrize("name", AS_PARAMETERS)
class TestEachArgumentThatIsAParameter:
    def test_is_one_of_the_node_and_of_that_type(self, name: str):
        # Every ROS node has use_sim_time.
        default = False if name == "use_sim_time" else DECLARED[name].default
        kinds = {"TEXTS": str, "SWITCHES": bool, "LISTS": list}
        (kind,) = (kind for group, kind in kinds.items() if name in PLAIN[group])
        assert isinstance(default, kind)

    def test_overrides_nothing_unless_it_is_given(self, name: str):
        assert ARGUMENTS[name]["default_value"] == ""

    def test_offers_the_choices_of_the_node(self, name: str):
        choices = DECLARED[name].choices if name in DECLARED else ()
        if name in PLAIN["SWITCHES"]:
            choices = PLAIN["TRUE_FALSE"]
        assert ARGUMENTS[name].get("choices", ("",)) == ("", *choices)


def test_nothing_is_fetched_or_run_while_the_file_is_read():
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(TREE)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert imported <= {"launch", "launch_ros", "pathlib", "shlex", "tips_ros", "typing"}


def test_the_files_it_names_are_in_the_package():
    named = {n.value for n in ast.walk(TREE) if isinstance(n, ast.Constant)}
    assert {"fastdds.xml", "tips_node", "tips_view"} <= named
    assert (SOURCE / "config" / "fastdds.xml").is_file()
    assert (SOURCE / "scripts" / "tips_node").is_file()
    assert (SOURCE / "scripts" / "tips_view").is_file()
