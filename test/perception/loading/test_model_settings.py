# SPDX-License-Identifier: Apache-2.0
"""`model.yaml` is read whole, or refused in one line that names the key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tips_ros.perception.deviation.model import DeviationModel
from tips_ros.perception.loading.model_settings import (
    ModelSettings,
    ModelSettingsError,
    read_settings,
    with_deviation,
)

EVERY_KEY = """
vision: my_encoder.npz
text: my_text.npz
depth: my_depth_dpt.zip
normals: my_normals_dpt.zip
segmentation: my_segmentation_dpt.zip
tokenizer: my_tokenizer.model
attention_heads: 12
text_attention_heads: 8
taps: [2, 5, 8, 11]
input_size: [448, 560]
classes: [wall, floor]
depth_range_m: [0.5, 20]
depth_relu_after_project: true
focal_ratio: 0.9
temperature: 0.01
trained: false
"""


def written(directory: Path, text: str) -> Path:
    (directory / "model.yaml").write_text(text)
    return directory


def refusal(directory: Path, text: str) -> str:
    with pytest.raises(ModelSettingsError) as raised:
        read_settings(written(directory, text))
    message = str(raised.value)
    assert message.startswith(f"{directory / 'model.yaml'}: ")
    assert "\n" not in message and len(message) < 700
    return message


def test_every_key_is_read(tmp_path: Path):
    settings = read_settings(written(tmp_path, EVERY_KEY))
    assert settings.files == {
        "vision": tmp_path / "my_encoder.npz",
        "text": tmp_path / "my_text.npz",
        "depth": tmp_path / "my_depth_dpt.zip",
        "normals": tmp_path / "my_normals_dpt.zip",
        "segmentation": tmp_path / "my_segmentation_dpt.zip",
        "tokenizer": tmp_path / "my_tokenizer.model",
    }
    assert (settings.attention_heads, settings.text_attention_heads) == (12, 8)
    assert settings.taps == (2, 5, 8, 11) and settings.input_size == (448, 560)
    assert settings.classes is not None and settings.classes.names == ("wall", "floor")
    assert settings.depth_range_m == (0.5, 20.0) and settings.depth_relu_after_project is True
    assert (settings.focal_ratio, settings.temperature) == (0.9, 0.01)
    assert settings.trained is False


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, text: str):
    assert read_settings(written(tmp_path, text)) == ModelSettings()


def test_no_file_says_nothing(tmp_path: Path):
    assert read_settings(tmp_path) == ModelSettings()


def test_classes_may_stand_in_a_file_of_their_own(tmp_path: Path):
    (tmp_path / "names.txt").write_text("wall\n# a comment\nfloor\n")
    classes = read_settings(written(tmp_path, "classes: names.txt")).classes
    assert classes is not None and classes.names == ("wall", "floor")


def test_classes_may_have_ids(tmp_path: Path):
    classes = read_settings(written(tmp_path, "classes: {3: floor, 0: wall}")).classes
    assert classes is not None
    assert (classes.names, classes.ids) == (("floor", "wall"), (3, 0)), "in the order written"


def test_an_unknown_key_is_answered_with_the_known_ones(tmp_path: Path):
    message = refusal(tmp_path, "tap: [1, 2, 3, 4]")
    assert "unknown key tap; there are attention_heads, classes" in message and "taps" in message


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("attention_heads: twelve", "a whole number above 0"),
        ("attention_heads: true", "a whole number above 0"),
        ("attention_heads: 0", "a whole number above 0"),
        ("text_attention_heads: 1.5", "a whole number above 0"),
        ("taps: 5", "four block numbers"),
        ("taps: [1, 2, 3]", "four block numbers"),
        ("taps: [1, 2, 3, x]", "four block numbers"),
        ("input_size: 448", "must be [height, width]"),
        ("input_size: [448, -14]", "a whole number above 0"),
        ("depth_range_m: [10, 1]", "the first must be below the second"),
        ("depth_range_m: 10", "must be [nearest, farthest]"),
        ("depth_range_m: [0, 10]", "a number above 0"),
        ("depth_relu_after_project: 1", "must be true or false"),
        ("trained: perhaps", "must be true or false"),
        ("temperature: .nan", "a number above 0"),
        ("temperature: .inf", "a number above 0"),
        ("temperature: cold", "a number above 0"),
        ("focal_ratio: " + "9" * 400, "too large"),
        ("classes: [wall, wall]", "stands at 0 and at 1"),
        ("classes: [1, 2]", "the name of a file in this directory"),
        ("classes: {}", "must name each id, as in {0: wall, 3: floor}"),
        ("classes: {0: 1}", "must name each id, as in {0: wall, 3: floor}"),
        ("classes: {wall: floor}", "class 'floor' has the id 'wall'; ids are 0 to 254"),
        ("classes: {true: wall}", "class 'wall' has the id True"),
        ("classes: {300: wall}", "class 'wall' has the id 300"),
        ("classes: {0: wall, 3: Wall}", "stands at 0 and at 1"),
        ("classes: absent.txt", "No such file"),
        ("vision: 3", "the name of a file in this directory"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(tmp_path: Path, line: str, reason: str):
    message = refusal(tmp_path, line)
    assert f": {line.split(':')[0]}: " in message and reason in message


@pytest.mark.parametrize("key", ["vision", "depth", "tokenizer", "classes"])
@pytest.mark.parametrize("name", ["../x.npz", "/etc/passwd", "a/b.npz", "..", "."])
def test_a_path_out_of_the_directory_is_refused(tmp_path: Path, key: str, name: str):
    assert "must be the name of a file in this directory" in refusal(tmp_path, f"{key}: {name}")


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2",
        "a: b: c",
        "\t- x",
        "[" * 3000,
        "a: 2001-99-99",
        "? [a]\n: 1",
        "!!python/object/apply:os.system [id]",
    ],
)
def test_what_is_not_yaml_is_refused(tmp_path: Path, text: str):
    assert "not YAML" in refusal(tmp_path, text)


def test_a_binary_file_is_refused(tmp_path: Path):
    (tmp_path / "model.yaml").write_bytes(bytes(range(128, 256)))
    with pytest.raises(ModelSettingsError, match="not YAML"):
        read_settings(tmp_path)


@pytest.mark.parametrize("text", ["- vision", "just words", "3"])
def test_what_is_no_list_of_keys_is_refused(tmp_path: Path, text: str):
    assert "`key: value` lines" in refusal(tmp_path, text)


def test_a_value_that_unfolds_without_end_is_not_printed(tmp_path: Path):
    levels = ["&a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"&a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]" for i in range(1, 30)]
    assert "four block numbers" in refusal(tmp_path, f"taps: [{', '.join(levels)}]")


FITTED = DeviationModel({"constant": -2.0}, {"constant": -2.1, "facing": 0.4}, "a few rooms")


def test_a_fitted_deviation_is_read_and_all_else_stays(tmp_path: Path):
    file = tmp_path / "model.yaml"
    file.write_text("# mine\nfocal_ratio: 0.7\nknows: rooms  # only\n")
    for model in (FITTED, replace(FITTED, fitted_on="other rooms")):
        file.write_text(with_deviation(file.read_text(), model))
        settings = read_settings(tmp_path)
        assert settings.depth_stddev == model and settings.focal_ratio == 0.7
    text = file.read_text()
    assert text.startswith("# mine\n") and "# only" in text and text.count("depth_stddev:") == 1


def test_keys_after_a_fitted_deviation_stay_too(tmp_path: Path):
    text = with_deviation("", FITTED) + "temperature: 0.02\n"
    (tmp_path / "model.yaml").write_text(with_deviation(text, replace(FITTED, fitted_on="new")))
    settings = read_settings(tmp_path)
    assert settings.temperature == 0.02
    assert settings.depth_stddev is not None and settings.depth_stddev.fitted_on == "new"
