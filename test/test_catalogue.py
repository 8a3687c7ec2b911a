# SPDX-License-Identifier: Apache-2.0
"""The table of official files against the names the releases list."""

import pytest

from tips_ros.catalogue import (
    BASE_URL,
    MODELS,
    download_advice,
    model_files,
    readable_size,
)

V1 = (
    "tips_oss_s14_highres_distilled",
    "tips_oss_b14_highres_distilled",
    "tips_oss_l14_highres_distilled",
    "tips_oss_so400m14_highres_largetext_distilled",
    "tips_oss_g14_highres",
    "tips_oss_g14_lowres",
)
OFFICIAL = {
    "v1_0/checkpoints/tokenizer.model",
    *(
        f"v1_0/checkpoints/{layout}/{stem}_{tower}.npz"
        for layout in ("pytorch", "scenic")
        for stem in V1
        for tower in ("vision", "text")
    ),
    *(
        f"v2_0/checkpoints/{layout}/{stem}_{size}_{tower}.npz"
        for layout, stem in (("pytorch", "tips_v2_oss"), ("scenic", "tips_v2"))
        for size in ("b14", "l14", "so14", "g14")
        for tower in ("vision", "text")
    ),
    *(
        f"v2_0/checkpoints/scenic/tips_v2_{size}_{head}_dpt.zip"
        for size in ("b14", "l14", "so400m14", "g14")
        for head in ("depth", "normals", "segmentation")
    ),
}


def all_files():
    return [file for model in MODELS.values() for file in (*model.pytorch, *model.scenic)]


def test_the_table_holds_every_official_file_and_no_other():
    assert {file.path for file in all_files()} == OFFICIAL
    assert BASE_URL == "https://storage.googleapis.com/tips_data/"


def test_each_model_has_its_parts_in_both_formats():
    heads = ("depth", "normals", "segmentation")
    for name, model in MODELS.items():
        parts = ("vision", "text", *(heads if name.startswith("tipsv2") else ()), "tokenizer")
        assert model.roles == parts
        assert tuple(file.role for file in model.scenic) == parts
        assert {file.layout for file in model.scenic} == {"scenic", None}


def test_no_name_leads_out_of_the_directory():
    assert all(file.name not in ("", ".", "..") and "/" not in file.name for file in all_files())


def test_a_model_s_files_have_different_names():
    for model in MODELS.values():
        for files in (model.pytorch, model.scenic):
            assert len({file.name for file in files}) == len(files)


def test_sizes_are_those_of_the_parameters():
    sizes = {file.name: file.size for file in all_files()}
    assert sizes["tips_v2_oss_b14_vision.npz"] == 345_000_000
    assert sizes["tips_v2_so400m14_depth_dpt.zip"] == 159_000_000
    assert all(size > 0 for size in sizes.values())


def test_only_some_files_can_be_chosen():
    names = [file.role for file in MODELS["tipsv2-b14"].files("pytorch", {"text", "tokenizer"})]
    assert names == ["text", "tokenizer"]


def test_google_s_two_names_for_one_file_are_both_known():
    vision = MODELS["tipsv2-so400m14"].scenic[0]
    assert vision.name == "tips_v2_so14_vision.npz"
    assert vision.also == ("v2_0/checkpoints/scenic/tips_v2_so400m14_vision.npz",)


def test_the_advice_is_the_command_with_the_size():
    assert download_advice("tipsv2-b14") == (
        "model tipsv2-b14 is not here; get it with: tips_ros download tipsv2-b14 (1.1 GB)"
    )
    assert download_advice("tips-s14", {"tokenizer", "text"}).endswith(
        "tips_ros download tips-s14 --only text,tokenizer (135 MB)"
    )
    hub = download_advice("google/tipsv2-l14-dpt")
    assert "local cache" in hub and "tips_ros download tipsv2-l14 (2.4 GB)" in hub


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tips2-b14", "did you mean tipsv2-b14"),
        ("resnet", "there are tipsv2-b14, tipsv2-l14"),
        ("google/tipsv2-g14-dpt", "Hugging Face model.*tips_ros download tipsv2-g14"),
    ],
)
def test_an_unknown_name_says_which_are_known(name, hint):
    with pytest.raises(ValueError, match=hint):
        model_files(name)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (12, "12 bytes"),
        (999_600, "1 MB"),
        (345_000_000, "345 MB"),
        (1_073_000_000, "1.1 GB"),
        (100_000_000_000, "100 GB"),
    ],
)
def test_sizes_are_written_as_people_do(count, text):
    assert readable_size(count) == text
