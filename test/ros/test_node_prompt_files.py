# SPDX-License-Identifier: Apache-2.0
"""Class lists on the node's machine, named by whoever may call it."""

import pytest


class TestFiles:
    """Class lists on the node's machine, named by whoever may call it."""

    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "things.txt").write_text("door\nwall\n")
        (tmp_path / "secret.txt").write_text("key\n")
        return tmp_path

    def test_none_is_read_unless_the_node_was_started_with_its_folder(self, graph, folder):
        for name in ("mine/things.txt", "secret.txt", "not there"):
            answer = graph.set_prompts(f"@{folder}/{name}")
            assert not answer.success and "prompt_list_folders" in answer.message
            result = graph.set_parameter("prompt_background", [f"@{folder}/{name}"])
            assert graph.set_parameter("prompts", [f"@{folder}/{name}"]).successful is False
            assert result.successful  # no prompts, no background

    def test_those_of_the_folders_and_those_named_at_the_start_are_read(self, graph_with, folder):
        graph = graph_with(
            input_height=112,
            input_width=112,
            prompts=[f"@{folder}/secret.txt"],
            prompt_list_folders=[str(folder / "mine")],
            autostart=False,
        )
        assert not graph.set_parameter("prompt_list_folders", ["/"]).successful
        for name in ("mine/things.txt", "secret.txt"):
            assert graph.set_parameter("prompts", [f"@{folder}/{name}"]).successful
