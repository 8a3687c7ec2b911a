# SPDX-License-Identifier: Apache-2.0
"""`tips_ros infer --prompts --tags --embed`: the numbers of the recipe, from one backbone pass."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tips_ros import cli
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.language.prompt_templates import TCL_TEMPLATES
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.loading.load import load_model
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.edges import Guide, sharpen
from tips_ros.perception.semantic.label_space import zero_shot_label_space

SIZE = (28, 42)  # of the picture
SMALL = ["--input-size", "56x56", "--device", "cpu", "--precision", "fp32"]
TEMPERATURE = 0.05  # that of the fixture's text file


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "picture.png"
    assert cv2.imwrite(str(path), noise())
    return path


def noise() -> np.ndarray:
    return np.random.RandomState(6).randint(0, 256, (*SIZE, 3)).astype(np.uint8)


@pytest.fixture
def ask(picture: Path, tiny_language_model: Path, tmp_path: Path) -> Any:
    """Runs the command; gives the folder it wrote."""

    def run(*args: str, model: Path | str = tiny_language_model) -> Path:
        out = tmp_path / "out"
        arguments = ["infer", picture, "--model", model, "--output", out, "--overwrite", *args]
        assert cli.main([str(a) for a in (*arguments, *SMALL)]) == 0
        return out

    return run


@pytest.fixture
def refusal(picture: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The one line with which the command refuses."""

    def run(model: object, *args: str) -> str:
        capsys.readouterr()
        assert cli.main(["infer", str(picture), "--model", str(model), *SMALL, *args]) == 2
        line = capsys.readouterr().err.splitlines()[-1]
        assert line.startswith("tips_ros: ") and "Traceback" not in line
        return line

    return run


@pytest.fixture
def without(tiny_language_model: Path, tmp_path: Path) -> Any:
    """A copy of the model without some of its files."""

    def copy(*patterns: str) -> Path:
        directory = tmp_path / "less"
        shutil.copytree(tiny_language_model, directory)
        for pattern in patterns:
            for file in directory.glob(pattern):
                file.unlink()
        return directory

    return copy


@pytest.fixture(scope="module")
def seen(tiny_language_model: Path) -> Any:
    """The picture as the model encodes it, with value features."""
    loaded = load_model(str(tiny_language_model))
    predictor = Predictor(loaded.tips, loaded.description, input_size=(56, 56))
    rgb = np.ascontiguousarray(noise()[..., ::-1])  # OpenCV writes BGR
    words = zero_shot_label_space(parse_prompts(["a"]), torch.zeros(1, 64))
    return predictor.encode(rgb, predictor.outputs, label_spaces=[words])


@pytest.fixture(scope="module")
def embed(tiny_language_model: Path) -> Any:
    """Texts → (N, D) in numpy, not normalised."""
    embedder = load_model(str(tiny_language_model), with_text=True).text
    assert embedder is not None
    return lambda texts: embedder.embed(texts).numpy()


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    return e / e.sum()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class TestPrompts:
    PROMPTS = ("door", "lamp: table lamp | ceiling lamp", "carpet")
    WORDS = (["door"], ["table lamp", "ceiling lamp"], ["carpet"])

    @pytest.fixture
    def out(self, ask: Any) -> Path:
        return ask("--prompts", ", ".join(self.PROMPTS), "--background", "@none")

    @pytest.fixture
    def cosines(self, seen: Any, embed: Any) -> torch.Tensor:
        """(1, K, H, W): the recipe in plain numpy, raised to the image's edges."""
        maps = []
        patches = unit(seen.features.value_features[0].numpy())
        for words in self.WORDS:
            each = []
            for word in words:
                texts = [template.replace("{}", word) for template in TCL_TEMPLATES]
                each.append(patches @ unit(unit(embed(texts)).mean(axis=0)))
            shared = np.log(np.mean(np.exp(np.array(each) / TEMPERATURE), axis=0))
            maps.append((TEMPERATURE * shared).reshape(4, 4))
        fine = sharpen(torch.from_numpy(np.stack(maps)[None]), Guide(seen.image))
        return F.interpolate(fine, SIZE, mode="bilinear", align_corners=False)

    def test_become_the_labels(self, out: Path, cosines: torch.Tensor):
        labels = np.load(out / "semantic.npy")
        assert labels.dtype == np.uint8 and labels.shape == SIZE
        best, second = cosines[0].topk(2, dim=0).values.numpy()
        sure = best - second > 1e-6
        assert sure.mean() > 0.95 and len(np.unique(labels)) > 1
        np.testing.assert_array_equal(labels[sure], cosines[0].argmax(0).numpy()[sure])

    def test_have_a_confidence_by_the_model_s_temperature(self, out: Path):
        confidence = np.load(out / "confidence.npy")
        assert confidence.dtype == np.uint8 and confidence.shape == SIZE
        assert len(np.unique(confidence)) > 3

    def test_name_the_classes(self, out: Path):
        table = json.loads((out / "classes.json").read_text())
        assert table["source"] == "prompts"
        assert [entry["name"] for entry in table["classes"]] == ["door", "lamp", "carpet"]
        assert [entry["id"] for entry in table["classes"]] == [0, 1, 2]

    def test_leave_the_other_heads_alone(self, ask: Any, out: Path):
        depth_m, normals = np.load(out / "depth.npy"), np.load(out / "normals.npy")
        ask()
        np.testing.assert_array_equal(np.load(out / "depth.npy"), depth_m)
        np.testing.assert_array_equal(np.load(out / "normals.npy"), normals)
        assert json.loads((out / "classes.json").read_text())["source"] == "model"

    def test_reach_the_cloud_and_the_sheet(self, ask: Any):
        out = ask("--prompts", "door, carpet", "--hfov-deg", "60", "--scale", "0.5")
        assert {"points.ply", "overview.png"} <= files(out)
        assert np.load(out / "semantic.npy").shape == (14, 21)

    def test_work_without_any_head(self, ask: Any, without: Any, capsys: Any):
        out = ask("--prompts", "door, carpet", model=without("*_dpt.zip"))
        assert files(out) == {"semantic.npy", "confidence.npy", "classes.json", "overview.png"}
        assert "no depth or normals: model" in capsys.readouterr().out

    def test_leave_pixels_unlabelled_that_are_background_or_not_sure(self, ask: Any, capsys: Any):
        out = ask("--prompts", "door, lamp", "--background", "carpet", "--threshold", "0.05")
        labels = np.load(out / "semantic.npy")
        assert (labels == 255).any() and (labels != 255).any()
        assert "unlabelled" in capsys.readouterr().out

    def test_are_understood_by_the_demo_model(self, ask: Any):
        out = ask("--prompts", "door, carpet", "--tags", "office, kitchen", model="demo")
        assert set(np.unique(np.load(out / "semantic.npy")).tolist()) <= {0, 1, 255}
        assert {"confidence.npy", "tags.json"} <= files(out)

    @pytest.mark.parametrize(
        ("prompts", "why"),
        [
            ("door,, lamp", "empty name"),
            ("", "no class to look for"),
            (" ; ", "empty name"),
            ("door, Door", "name it once"),
            ("door: | ", "empty name"),
        ],
    )
    def test_that_say_nothing_are_refused_in_one_line(
        self, refusal: Any, tiny_language_model: Path, prompts: str, why: str
    ):
        assert why in refusal(tiny_language_model, "--prompts", prompts)


def test_heads_prompts_tags_and_embeddings_share_one_backbone_pass(
    ask: Any, monkeypatch: pytest.MonkeyPatch
):
    asked: list[bool] = []
    forward = VisionTransformer.forward

    def counted(self: Any, images: Any, taps: Any = (), value_features: bool = False) -> Any:
        asked.append(value_features)
        return forward(self, images, taps, value_features)

    monkeypatch.setattr(VisionTransformer, "forward", counted)
    ask("--prompts", "door, lamp", "--tags", "a, b", "--embed", "--text", "a red door")
    assert asked == [True]
    ask("--tags", "a, b", "--embed")
    assert asked == [True, False]


class TestTags:
    TAGS = ("kitchen", "office chair", "street")

    def test_have_the_probabilities_of_the_first_cls_token(self, ask: Any, seen: Any, embed: Any):
        table = json.loads((ask("--tags", ", ".join(self.TAGS)) / "tags.json").read_text())
        cosines = unit(embed(list(self.TAGS))) @ unit(seen.features.cls_token[0].numpy())
        expected = dict(zip(self.TAGS, softmax(cosines / TEMPERATURE), strict=True))
        assert table["temperature"] == pytest.approx(TEMPERATURE)
        order = [tag["text"] for tag in table["tags"]]
        assert order == sorted(self.TAGS, key=lambda text: -expected[text])
        for tag in table["tags"]:
            assert tag["probability"] == pytest.approx(expected[tag["text"]], rel=1e-4)
            assert tag["cosine"] == pytest.approx(cosines[self.TAGS.index(tag["text"])], abs=1e-5)

    def test_are_told_best_first_and_aligned(self, ask: Any, capsys: Any):
        ask("--tags", ", ".join(self.TAGS))
        lines = capsys.readouterr().out.splitlines()
        told = lines[lines.index("tags by probability among these (temperature 0.05):") + 1 :]
        assert len(told) == 3 and len({line.index("%") for line in told}) == 1
        shares = [float(line.split("%")[0].split()[-1]) for line in told]
        assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(100, abs=0.1)

    def test_have_cosines_only_where_no_temperature_is_known(
        self, ask: Any, without: Any, capsys: Any
    ):
        model = without()
        [file] = model.glob("*_text.npz")
        with np.load(file) as arrays:
            weights = {name: arrays[name] for name in arrays.files if name != "temperature"}
        np.savez(file, **weights)
        out = ask("--tags", "door, lamp", "--prompts", "door, lamp", model=model)
        told = capsys.readouterr().out
        assert "tags by cosine; no probabilities: the model has no temperature" in told
        assert "no confidence.npy" in told and "%  cosine" not in told
        table = json.loads((out / "tags.json").read_text())
        assert table["temperature"] is None
        assert all(tag["probability"] is None for tag in table["tags"])
        assert (out / "semantic.npy").exists() and not (out / "confidence.npy").exists()
        settings = model / "model.yaml"
        settings.write_text(settings.read_text() + "temperature: 0.1\n")
        out = ask("--tags", "door, lamp", model=model)
        assert json.loads((out / "tags.json").read_text())["temperature"] == 0.1

    @pytest.mark.parametrize(("tags", "why"), [("a,,b", "empty tag"), ("a, a", "there twice")])
    def test_that_say_nothing_are_refused_in_one_line(
        self, refusal: Any, tiny_language_model: Path, tags: str, why: str
    ):
        assert why in refusal(tiny_language_model, "--tags", tags)


class TestEmbeddings:
    def test_are_both_cls_tokens_and_the_text_of_unit_length(self, ask: Any, seen: Any, embed: Any):
        out = ask("--embed", "--text", "a red door")
        expected = {
            "cls_embedding": seen.features.cls_token[0].numpy(),
            "second_cls_embedding": seen.features.second_cls_token[0].numpy(),
            "text_embedding": embed(["a red door"])[0],
        }
        for name, raw in expected.items():
            written = np.load(out / f"{name}.npy", allow_pickle=False)
            assert written.shape == (64,) and written.dtype == np.float32
            np.testing.assert_allclose(written, unit(raw), atol=1e-6)
        ask("--embed")
        assert not (out / "text_embedding.npy").exists()  # of an earlier call

    def test_need_neither_heads_nor_a_text_encoder(self, ask: Any, without: Any, capsys: Any):
        out = ask("--embed", model=without("*_dpt.zip", "*_text.npz", "tokenizer.model"))
        assert files(out) == {"cls_embedding.npy", "second_cls_embedding.npy"}
        assert "nothing dense: model" in capsys.readouterr().out

    def test_a_text_alone_is_not_asked_for(self, refusal: Any, tiny_language_model: Path):
        assert "give --embed too" in refusal(tiny_language_model, "--text", "a red door")


class TestAMissingFileIsNamed:
    @pytest.mark.parametrize(
        ("question", "message"),
        [
            (("--prompts", "a"), "put the tips_…_text.npz"),
            (("--tags", "a"), "has no text encoder; put the tips_…_text.npz"),
            (("--embed", "--text", "a"), "has no text encoder; put the tips_…_text.npz"),
        ],
    )
    def test_of_the_text_encoder(
        self, refusal: Any, without: Any, question: tuple[str, ...], message: str
    ):
        assert message in refusal(without("*_text.npz"), *question)

    def test_of_the_tokenizer(self, refusal: Any, without: Any):
        assert "has no tokenizer.model" in refusal(without("tokenizer.model"), "--tags", "a")

    def test_of_both(self, refusal: Any, without: Any):
        line = refusal(without("*_text.npz", "tokenizer.model"), "--tags", "a")
        assert "has no text encoder and no tokenizer.model" in line
