# SPDX-License-Identifier: Apache-2.0
"""Prompts become classes, words, background and thresholds, or one line says why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.prompts import PromptError, own_positions, parse_prompts

OWN = ClassList(("wall", "floor", "chair", "armchair", "Table lamp"), (0, 3, 7, 9, 254))
CHAIRS = ("chair", "stool")


def refusal(
    prompts: Sequence[str], background: Sequence[str] = (), thresholds: Sequence[float] = ()
) -> str:
    with pytest.raises(PromptError) as caught:
        parse_prompts(prompts, background, thresholds)
    message = str(caught.value)
    message.encode()  # can be sent
    assert message.isprintable() and len(message) < 300
    return message


def text_file(folder: Path, content: str | bytes, name: str = "my things.txt") -> str:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return f"@{file}"


class TestAName:
    def test_stands_for_itself(self):
        prompts = parse_prompts(["door", " coffee cup "])
        assert prompts.classes == ClassList(("door", "coffee cup"), (0, 1))
        assert prompts.words == (("door",), ("coffee cup",))

    def test_with_words_is_only_what_the_class_is_called(self):
        prompts = parse_prompts(["seat: chair|stool", "cup : mug"])
        assert prompts.classes.names == ("seat", "cup")
        assert prompts.words == (CHAIRS, ("mug",))

    def test_may_be_in_any_language(self):
        names = ("Tür", "杯", "дверь", "☕", "می‌خواهم")
        assert parse_prompts(names).classes.names == names

    def test_may_hold_any_other_sign(self):
        assert parse_prompts(["50% {grey} @home #2", "a: b: c"]).words[1] == ("b: c",)

    def test_may_be_as_long_as_200_characters(self):
        assert parse_prompts(["x" * 200]).classes.names == ("x" * 200,)


class TestAList:
    def test_that_comes_along_is_known_by_its_name(self):
        prompts = parse_prompts(["@ade20k"])
        assert prompts.classes == ade20k()

    def test_brings_its_words(self):
        prompts = parse_prompts(["@indoor_robot"])
        words = dict(zip(prompts.classes.names, prompts.words, strict=True))
        assert "couch" in words["sofa"]

    def test_may_be_a_file(self, tmp_path: Path):
        named = text_file(tmp_path, "# mine\n\nseat: chair | stool\r\n cup \n")
        prompts = parse_prompts(["door", named])
        assert prompts.classes.names == ("door", "seat", "cup")
        assert prompts.words == (("door",), CHAIRS, ("cup",))

    def test_may_lie_in_the_home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        text_file(tmp_path, "cup", "things.txt")
        assert parse_prompts(["@~/things.txt"]).classes.names == ("cup",)

    def test_may_be_longer_than_what_may_be_typed(self, tmp_path: Path):
        lines = [f"thing {i}: {'a' * 50} {i}" for i in range(250)]
        assert len(parse_prompts([text_file(tmp_path, "\n".join(lines))]).classes) == 250

    @pytest.mark.parametrize("name", ["@", "@indoor", "@/no/such/file.txt", "@Ade20k", "@" * 999])
    def test_that_is_not_there_is_answered_with_those_that_are(self, name: str):
        message = refusal([name])
        assert "@ade20k, @indoor_robot, @outdoor, @table_top" in message
        assert "@/path/of/the/file.txt" in message

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"\x89PNG\xff\xfe", "not UTF-8 text; save the class names as plain text"),
            ("# nothing\n", "holds no class; write one a line"),
            ("@ade20k", "'@ade20k' names another list; write its lines instead"),
            ("cup\n:door", "':door' has an empty name or word"),
            ("cup\0", "holds a control character, U+0000"),
            ("door\n" * 30_000, "larger than 100000 bytes"),
        ],
    )
    def test_that_is_none_is_named_with_the_reason(
        self, tmp_path: Path, content: str | bytes, message: str
    ):
        told = refusal(["floor", text_file(tmp_path, content)])
        assert message in told and told.startswith(f"@{tmp_path}/my things.txt: ")

    def test_that_cannot_be_read_says_why(self, tmp_path: Path):
        (tmp_path / "away").symlink_to(tmp_path / "nowhere")
        assert "cannot be read (No such file or directory)" in refusal([f"@{tmp_path}/away"])
        assert "not a file" in refusal([f"@{tmp_path}"])


class TestRefused:
    @pytest.mark.parametrize("prompts", [[""], ["door", " "], [":chair"], ["a:"], ["a: b |"]])
    def test_empty_names_and_words(self, prompts: list[str]):
        assert "has an empty name or word; write `name`, or `name: word | word`" in refusal(prompts)

    def test_a_name_that_nobody_can_see(self):
        assert "has an empty name" in refusal(["\u200b"])

    def test_no_class_at_all(self):
        assert "no class to look for; write `name`" in refusal([])

    @pytest.mark.parametrize(
        "name",
        ["things.txt", "my things.TXT", "/etc/things", "~/things", "./a", "../b", "C:\\a.txt"]
        + ["seat: chairs.csv", "seat: chair | ./seats", "classes.yaml", "coco.names"],
    )
    def test_the_name_of_a_file_that_is_not_there(self, name: str):
        for told in (refusal(["door", name]), refusal(["door"], [name])):
            assert "looks like a file, and there is none of that name" in told
            assert "write @/path/of/the/file.txt for the lines of one" in told

    def test_the_name_of_a_file_that_is_there(self, tmp_path: Path):
        file = text_file(tmp_path, "cup").removeprefix("@")
        assert f"is a file; write @{file} for its lines" in refusal([file])

    @pytest.mark.parametrize(
        "name", ["St. Bernard", "3.5 mm jack", "and/or", "U.S.A", "v2.0", "a."]
    )
    def test_but_no_name_with_a_dot_or_a_slash_in_it(self, name: str):
        assert parse_prompts([name]).classes.names == (name,)

    @pytest.mark.parametrize("text", ["door, cup", "door; cup", "door,cup,", "a;b;c;d"])
    def test_separators_where_each_class_has_an_entry(self, text: str):
        told = refusal([text])
        assert "has a separator in it; write" in told and "as classes of their own" in told

    def test_a_misspelt_list_is_answered_with_the_one_that_was_meant(self):
        assert "(did you mean @indoor_robot?)" in refusal(["@indoor_robots"])
        assert "there is none of that name in /" in refusal(["@things.txt"])

    def test_words_without_a_name(self):
        assert "words but no name for them" in refusal(["chair | stool"])

    @pytest.mark.parametrize("prompts", [["wall", " Wall"], ["wall", "WALL: brick"]])
    def test_the_same_name_twice(self, prompts: list[str]):
        assert "is there already; name it once" in refusal(prompts)

    def test_the_same_name_in_two_lists_tells_both(self, tmp_path: Path):
        mine = text_file(tmp_path, "cup\nwall")
        assert refusal(["@ade20k", mine]) == (
            f"class 'wall' (of {mine}) is there already (of @ade20k); name it once"
        )

    @pytest.mark.parametrize("prompts", [["seat: chair", "Chair"], ["seat: chair | CHAIR"]])
    def test_a_word_that_stands_for_a_class_already(self, prompts: list[str]):
        assert "stands for 'seat' already; name it once" in refusal(prompts)

    def test_more_than_255_classes(self, tmp_path: Path):
        names = [f"class {i}" for i in range(300)]
        assert len(parse_prompts(names[:255]).classes) == 255
        for prompts in (names[:256], [text_file(tmp_path, "\n".join(names))]):
            count = 256 if len(prompts) > 1 else 300
            assert refusal(prompts).startswith(f"{count} classes; there may be 255")

    def test_a_long_text(self):
        message = refusal(["door", f"cup: {'mug' * 67}"])
        assert "has 201 characters; there may be 200: shorten it" in message

    def test_a_long_request(self):
        names = [f"{'x' * 100} {i}" for i in range(99)]
        assert "10000: write a long list into a file" in refusal(names, ["y" * 200])

    def test_more_words_than_anyone_needs(self, tmp_path: Path):
        words = " | ".join(f"w{i}" for i in range(1001))
        assert "1001 words; there may be 1000" in refusal([text_file(tmp_path, f"a: {words}")])

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("caf\udce9", "is not Unicode text; send it as UTF-8"),
            ("do\0or", "U+0000; remove it"),
            ("door\nfloor", "a control character, U+000A"),
            ("a:\tb", "U+0009"),
            ("door\u2028floor", "a line break, U+2028"),
            ("@\0", "U+0000"),
        ],
    )
    def test_characters_that_are_no_text(self, text: str, reason: str):
        assert reason in refusal([text])
        assert reason in refusal(["wall"], [text])


def test_a_comma_within_one_class_can_be_said():
    assert parse_prompts(["sign: signboard, sign"]).words == (("signboard, sign",),)


class TestTheBackground:
    def test_is_words_without_names(self):
        prompts = parse_prompts(["cup"], ["wall", "floor: rug | parquet"])
        assert prompts.background == (("wall",), ("rug", "parquet"))
        assert prompts.all_words == ("cup", "wall", "rug", "parquet")

    @pytest.mark.parametrize("entry", ["Chair", "seat: stool", "chair: armchair", "other: STOOL"])
    def test_cannot_be_looked_for_too(self, entry: str):
        message = refusal(["seat: chair | stool"], [entry])
        assert "is looked for and in the background, too; remove one of them" in message

    def test_by_a_list_is_what_is_not_looked_for(self):
        prompts = parse_prompts(["seat: chair | stool", "rack: bookcase"], ["@indoor_robot"])
        words = prompts.all_words
        assert len(words) == len(set(words))
        assert not any("office chair" in group for group in prompts.background)
        assert ("shelf", "shelving") in prompts.background

    def test_counts_a_word_once(self):
        prompts = parse_prompts(["cup"], ["wall", "@ade20k", "Wall"])
        assert sum("wall" in group for group in prompts.background) == 1
        assert not any("Wall" in group for group in prompts.background)

    def test_and_the_classes_are_256_at_most(self):
        names = [f"class {i}" for i in range(150)]
        prompts = parse_prompts(names, [f"thing {i}" for i in range(106)])
        with pytest.raises(PromptError, match="150 classes and 107 background entries.* 256"):
            replace(prompts, background=(*prompts.background, ("one more",)))


class TestThresholds:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [((), (0, 0, 0)), ((0.5,), (0.5, 0.5, 0.5)), ((0.0, 0.25, 1.0), (0.0, 0.25, 1.0))],
    )
    def test_are_none_one_for_all_or_one_each(
        self, given: tuple[float, ...], expected: tuple[float, ...]
    ):
        assert parse_prompts(["a", "b", "c"], (), given).thresholds == expected

    def test_count_the_classes_of_a_list(self, tmp_path: Path):
        mine = text_file(tmp_path, "cup\nwall")
        assert parse_prompts(["door", mine], (), (0.1, 0.2, 0.3)).thresholds == (0.1, 0.2, 0.3)
        message = refusal(["door", mine], (), (0.1, 0.2))
        assert message.startswith("thresholds: 2, classes: 3; give no threshold, one for all")

    @pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), float("inf")])
    def test_are_between_0_and_1(self, threshold: float):
        assert "of 'wall' must be between 0 and 1" in refusal(["wall"], (), [threshold])


class TestAModelWithoutTextEncoder:
    def test_gives_its_own_classes_new_names(self):
        assert own_positions(parse_prompts(["ground: Floor", "WALL"]), OWN) == {1: 0, 0: 1}

    def test_merges_its_own_classes(self):
        prompts = parse_prompts(["seat: chair | armchair", "light: table LAMP"], ["wall"])
        assert own_positions(prompts, OWN) == {2: 0, 3: 0, 4: 1}

    @pytest.mark.parametrize(
        ("prompts", "background", "word"),
        [
            (["sofa"], [], "sofa"),
            (["seat: chair | stool"], [], "stool"),
            (["wall"], ["sky"], "sky"),
        ],
    )
    def test_says_which_word_it_does_not_know_and_what_would_help(
        self, prompts: list[str], background: list[str], word: str
    ):
        with pytest.raises(PromptError) as caught:
            own_positions(parse_prompts(prompts, background), OWN)
        message = str(caught.value)
        assert message.startswith(f"{word!r} is none of this model's 5 own classes")
        assert "put the tips_…_text.npz of the same model and tokenizer.model" in message

    def test_tells_the_name_that_was_meant(self):
        with pytest.raises(PromptError, match=r"did you mean 'Table lamp'\?"):
            own_positions(parse_prompts(["tablelamp"]), OWN)
