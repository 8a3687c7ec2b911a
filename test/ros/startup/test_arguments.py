# SPDX-License-Identifier: Apache-2.0
"""Launch arguments as people type them: lists, numbers, topics, files."""

from pathlib import Path

import pytest

from tips_ros.ros.startup.arguments import (
    ArgumentError,
    bag_to_play,
    check_topic,
    fractions,
    items,
    profile_environment,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("door; cup: mug | beaker ;", ["door", "cup: mug | beaker"]),
        ("door, cup: mug | beaker ,", ["door", "cup: mug | beaker"]),
        ("door", ["door"]),
        ("@indoor_robot", ["@indoor_robot"]),
        (" ; ", []),
        ("", []),
    ],
)
def test_items_are_separated_by_semicolons_or_by_commas(text, expected):
    assert items("prompts", text) == expected


@pytest.mark.parametrize("text", ["door, cup; wall", "a red, round door;", ";,"])
def test_items_with_both_separators_are_refused_because_either_may_be_meant(text):
    with pytest.raises(ArgumentError, match=r"^prompts:=.*both ';' and ','"):
        items("prompts", text)


@pytest.mark.parametrize("text", ["0.2; 1; 0", "0.2, 1, 0", "0.2;1e0;0."])
def test_fractions_are_numbers_from_0_to_1(text):
    assert fractions("prompt_thresholds", text) == [0.2, 1.0, 0.0]


@pytest.mark.parametrize("item", ["abc", "nan", "inf", "-0.1", "1.1", "20 %", "0.2 0.5"])
def test_fractions_that_are_none_are_named_with_the_argument(item):
    with pytest.raises(ArgumentError) as refused:
        fractions("prompt_thresholds", f"0.5; {item}")
    assert str(refused.value).startswith(f"prompt_thresholds:='0.5; {item}': {item!r} is no number")
    assert "write '0.2' or '0.2; 0.5'" in str(refused.value)


@pytest.mark.parametrize("text", ["image", "/a/b_1", "~/image", "/{node}/image", "_x"])
def test_checked_topic_lets_ros_names_pass(text):
    assert check_topic("image", text) == text


@pytest.mark.parametrize("text", ["", "/", "a b", "/1st/image", "/a//b", "/a/", "a-b", "image:=/x"])
def test_checked_topic_refuses_what_ros_refuses(text):
    with pytest.raises(ArgumentError, match="^image:=.*can't name a topic"):
        check_topic("image", text)


class TestBagToPlay:
    def test_takes_files_and_folders_with_metadata(self, tmp_path: Path):
        (tmp_path / "metadata.yaml").touch()
        file = tmp_path / "x.mcap"
        file.touch()
        assert bag_to_play("bag", str(file)) == str(file)
        assert bag_to_play("bag", str(tmp_path)) == str(tmp_path)

    @pytest.mark.parametrize(("name", "storage"), [("x.mcap", "mcap"), ("x.db3", "sqlite3")])
    def test_names_the_command_that_writes_missing_metadata(self, tmp_path: Path, name, storage):
        (tmp_path / name).touch()
        with pytest.raises(ArgumentError) as refused:
            bag_to_play("bag", str(tmp_path))
        assert f"`ros2 bag reindex {tmp_path} -s {storage}`" in str(refused.value)

    def test_tells_what_is_missing_from_what_is_no_bag(self, tmp_path: Path):
        with pytest.raises(ArgumentError, match="no such file or folder"):
            bag_to_play("bag", str(tmp_path / "gone"))
        with pytest.raises(ArgumentError, match="holds no bag"):
            bag_to_play("bag", str(tmp_path))


class TestProfileEnvironment:
    def test_names_the_argument_of_a_file_that_is_missing_or_none(self, tmp_path: Path):
        with pytest.raises(ArgumentError, match=r"^transport_profile:=.*no such file.*:=''"):
            profile_environment("transport_profile", str(tmp_path / "gone.xml"), {})
        broken = tmp_path / "broken.xml"
        broken.write_text("<a>")
        with pytest.raises(ArgumentError, match=r"^transport_profile:=.*not XML"):
            profile_environment("transport_profile", str(broken), {})

    def test_is_empty_without_a_profile(self):
        assert profile_environment("transport_profile", "", {}) == {}
