# SPDX-License-Identifier: Apache-2.0
"""`tips_ros eval`: from a directory or a bag to numbers, and one line where that can't be."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tips_ros import cli
from tips_ros.bags import BagWriter
from tips_ros.commands import eval as command
from tips_ros.evaluation.datasets.rendered import write_frame, write_index
from tips_ros.evaluation.sample import Sample
from tips_ros.offline.truth.truth_messages import TruthWriter
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.text_embedder import TextEmbedder
from tips_ros.perception.loading.load import load_model
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import model_label_space
from training.scenes.camera.camera_messages import CameraMessages

SMALL = ["--input-size", "56x56", "--device", "cpu", "--precision", "fp32"]
CLASSES = ClassList(("wall", "floor", "chair"), (0, 3, 19))
CAMERA = Intrinsics(40.0, 40.0, 31.5, 23.5, 64, 48)
SECOND = 10**9


def sample(number: int) -> Sample:
    """A slanted floor seen by a camera that stands still, a wall above it."""
    v = np.arange(CAMERA.height, dtype=np.float32)[:, None] - CAMERA.cy
    depth_m = np.where(v > 8, 40.0 / np.maximum(v, 1), 5.0).astype(np.float32)
    depth_m = np.repeat(depth_m, CAMERA.width, axis=1)
    normals = np.zeros((*depth_m.shape, 3), np.float32)
    normals[..., 2] = -1
    normals[32:] = 0, -1, 0
    labels = np.where(v > 8, 3, 0).astype(np.uint8).repeat(CAMERA.width, axis=1)
    labels[20:30, 10:20] = 19
    rgb = np.random.default_rng(number).integers(0, 256, (*depth_m.shape, 3)).astype(np.uint8)
    return Sample(
        f"{number:03d}", rgb, depth_m, normals, labels, CAMERA, "room", 0.1 * number, np.eye(4)
    )


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three frames in our own layout; read only."""
    folder = tmp_path_factory.mktemp("rooms")
    entries = [write_frame(folder, sample(number)) for number in range(3)]
    write_index(folder, "three rooms", CLASSES.by_id(), entries)
    return folder


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A bag of PNG images and the bag with their truth; read only."""
    folder = tmp_path_factory.mktemp("bags")
    with BagWriter(folder / "drive") as bag, BagWriter(folder / "truth") as other:
        messages = CameraMessages(bag.typestore.types, "camera")
        bag.add_topic("/camera/image/compressed", "sensor_msgs/msg/CompressedImage")
        bag.add_topic("/camera/camera_info", "sensor_msgs/msg/CameraInfo")
        writer = TruthWriter(other, "camera", CLASSES)
        for number in (1, 2):
            stamp_ns = number * SECOND
            png = cv2.imencode(".png", sample(number).rgb[..., ::-1])[1].ravel()
            bag.write("/camera/image/compressed", stamp_ns, messages.image(stamp_ns, png))
            bag.write("/camera/camera_info", stamp_ns, messages.camera_info(stamp_ns, CAMERA))
            writer.write(stamp_ns, sample(number))
    return folder / "drive", folder / "truth"


@pytest.fixture
def measure(tiny_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """measure(data, …): runs the command; gives what it printed and the numbers it wrote."""

    def run(data: Path, *args: object, model: Path = tiny_directory) -> tuple[str, dict[str, Any]]:
        file = tmp_path / "out" / "numbers.json"
        arguments = [data, "--model", model, "--json", file, "--overwrite", *SMALL, *args]
        capsys.readouterr()
        assert cli.main(["eval", *map(str, arguments)]) == 0
        return capsys.readouterr().out, json.loads(file.read_text())

    return run


@pytest.fixture
def refusal(tiny_directory: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """refusal(data, …): the one line with which the command refuses."""

    def run(data: Path, *args: object, model: Path = tiny_directory) -> str:
        capsys.readouterr()
        arguments = [data, "--model", model, *SMALL, *args]
        assert cli.main(["eval", *map(str, arguments)]) == 2
        lines = capsys.readouterr().err.splitlines()
        complaints = [line for line in lines if line.startswith("tips_ros: ")]
        assert len(complaints) == 1 and "Traceback" not in "".join(lines)
        return complaints[0]

    return run


@pytest.fixture
def all_knowing(monkeypatch: pytest.MonkeyPatch, tiny_directory: Path) -> None:
    """Replaces the model by one that knows the truth of each image."""
    description = load_model(str(tiny_directory)).description
    truths = {sample(number).rgb.tobytes(): sample(number) for number in range(3)}

    def predict(rgb: np.ndarray, outputs: Any, label_space: Any) -> Prediction:
        truth = truths[rgb.tobytes()]
        return Prediction(truth.depth_m, truth.normals, truth.labels)

    known = SimpleNamespace(
        description=SimpleNamespace(
            name="oracle", variant="B", trained=True, classes=CLASSES,
            focal_ratio=CAMERA.fx / CAMERA.width, temperature=description.temperature, caution="",
            deviation=description.deviation,
        ),
        outputs_with=lambda label_space: ("depth", "normals", "semantic"),
        model_label_space=model_label_space(CLASSES),
        predict=predict,
        input_size=(56, 56),
        device=torch.device("cpu"),
        precision=torch.float32,
    )  # fmt: skip
    monkeypatch.setattr(command, "load_predictor", lambda *args, **kwargs: known)


def test_it_says_what_it_found_and_what_it_measured(measure, rooms, tmp_path):
    said, numbers = measure(rooms, "--worst", tmp_path / "worst.png")
    assert f"{rooms}: layout rendered (scene.json), 3 images" in said
    assert all(word in said for word in ("AbsRel", "Normals", "mean IoU", "Flicker", "56x56"))
    assert numbers["dataset"] == "three rooms" and numbers["frames"] == 3
    assert numbers["depth"]["abs_rel"] > 0 and numbers["depth_with_focal"]["abs_rel"] > 0
    assert numbers["segmentation"]["mean_iou"] < 1 and numbers["precision"] == "fp32"
    assert cv2.imread(str(tmp_path / "worst.png")).shape[1] > 1000


@pytest.mark.usefixtures("all_knowing")
def test_a_model_that_knows_the_truth_scores_perfectly_on_a_directory(measure, rooms):
    _, numbers = measure(rooms)
    assert numbers["depth"]["abs_rel"] == pytest.approx(0, abs=1e-4)
    assert numbers["depth"]["delta1"] == 1
    assert numbers["depth_with_focal"] == pytest.approx(numbers["depth"], abs=1e-6)
    assert numbers["normals"]["mean_deg"] == pytest.approx(0, abs=0.05)
    assert numbers["segmentation"]["mean_iou"] == 1
    assert numbers["flicker"]["labels_changed"] == 0 and numbers["flicker"]["pairs"] == 2


@pytest.mark.usefixtures("all_knowing")
def test_a_model_that_knows_the_truth_scores_perfectly_on_a_bag(measure, drive):
    images, truth = drive
    said, numbers = measure(images, "--truth", truth)
    assert "layout bag, 2 of 2 images on /camera/image/compressed have truth on" in said
    assert numbers["frames"] == 2
    assert numbers["depth"]["abs_rel"] == pytest.approx(0, abs=1e-3)
    assert numbers["segmentation"]["mean_iou"] == 1


def test_the_outputs_of_a_model_are_truth_for_another(measure, drive, tiny_directory, tmp_path):
    """Here for itself, so that they must agree; normals of random weights may face away."""
    recorded = tmp_path / "recorded"
    arguments = [drive[0], recorded, "--model", tiny_directory, "--device", "cpu"]
    arguments += ["--precision", "fp32"]
    arguments += ["--namespace", "/ground_truth", "--topics", "depth/image,semantic/image"]
    arguments += ["--depth-scale", "model"]
    assert cli.main(["bag", *map(str, arguments)]) == 0
    assert load_model(str(tiny_directory)).description.input_size == (56, 56), "as in SMALL"
    _, numbers = measure(recorded)
    assert numbers["depth"]["delta1"] == 1 and numbers["depth"]["abs_rel"] < 1e-6
    assert numbers["segmentation"]["mean_iou"] == 1


def test_the_focal_correction_can_be_shown_alone_or_left_out(measure, rooms):
    _, both = measure(rooms)
    said, without = measure(rooms, "--focal", "off")
    assert without["depth"] == both["depth"] and without["depth_with_focal"] is None
    assert "focal-corrected" not in said
    said, only = measure(rooms, "--focal", "on")
    assert only["depth"] is None and only["depth_with_focal"] == both["depth_with_focal"]
    assert "focal-corrected" in said and "as predicted" not in said


def test_a_limit_is_told_with_the_numbers(measure, rooms):
    said, numbers = measure(rooms, "--limit", 2)
    assert numbers["frames"] == 2 and "the first 2 of 3" in said


def test_an_untrained_model_is_called_one(measure, rooms, untrained):
    said, numbers = measure(rooms, model=untrained)
    assert "UNTRAINED" in said and numbers["trained"] is False


def test_heads_that_the_data_know_nothing_of_are_not_run(measure, tmp_path, monkeypatch):
    for folder, suffix in (("images", "jpg"), ("annotations", "png")):
        path = tmp_path / folder / "validation"
        path.mkdir(parents=True)
        assert cv2.imwrite(str(path / f"ADE_val_00000001.{suffix}"), np.ones((40, 40), np.uint8))
    asked, predict = [], Predictor.predict

    def listened(self, rgb, outputs, label_space):
        asked.append(outputs)
        return predict(self, rgb, outputs, label_space=label_space)

    monkeypatch.setattr(Predictor, "predict", listened)
    said, numbers = measure(tmp_path)
    assert "layout ade20k" in said and numbers["depth"] is None
    assert asked == [["semantic"]]


class TestPrompts:
    @pytest.fixture
    def prompts(self, tmp_path):
        file = tmp_path / "prompts.txt"
        file.write_text("# the truth's names\nwall: white wall | wallpaper\n\nfloor\nchair: seat\n")
        return file

    def test_are_found_by_text_instead_of_the_head(
        self, measure, rooms, tiny_language_model, prompts
    ):
        said, numbers = measure(rooms, "--prompts", prompts, model=tiny_language_model)
        assert "classes by prompts" in said
        assert set(numbers["segmentation"]["iou_of_class"]) == {"wall", "floor", "chair"}
        assert not numbers["segmentation"]["unknown_to_model"]
        assert numbers["depth"] is not None, "the heads are run in the same pass"

    def test_in_a_list_mean_the_same_as_in_a_file(
        self, measure, rooms, tiny_language_model, prompts
    ):
        listed = "wall: white wall | wallpaper, floor, chair: seat"
        _, by_list = measure(rooms, "--prompts", listed, model=tiny_language_model)
        _, by_file = measure(rooms, "--prompts", prompts, model=tiny_language_model)
        assert by_list["segmentation"] == by_file["segmentation"]

    def test_are_embedded_once(self, measure, rooms, tiny_language_model, monkeypatch):
        texts, embed = [], TextEmbedder.embed

        def counted(self, sentences):
            texts.extend(sentences)
            return embed(self, sentences)

        monkeypatch.setattr(TextEmbedder, "embed", counted)
        measure(rooms, "--prompts", "wall, green floor", model=tiny_language_model)
        assert len(texts) == len(set(texts)) and "itap of a green floor." in texts

    @pytest.mark.parametrize(
        ("prompts", "reason"),
        [
            ("cat, dog", "none of these names is a class of"),
            ("wall, wall", "class 'wall' is there already"),
            ("wall,", "empty name"),
            ("word " * 200, "there may be"),
        ],
    )
    def test_that_cannot_be_used_are_refused_before_the_work(
        self, refusal, rooms, tiny_language_model, prompts, reason
    ):
        assert reason in refusal(rooms, "--prompts", prompts, model=tiny_language_model)

    def test_need_a_text_encoder(self, refusal, rooms, sparse_ids):
        (sparse_ids / "tips_v2_oss_tiny_text.npz").unlink()
        prompts = "wall: white paper"
        assert "without a text encoder" in refusal(rooms, "--prompts", prompts, model=sparse_ids)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--layout", "nyu"], "is not of layout nyu, which needs rgb/*"),
        (["--truth", "somewhere"], "are for bags"),
        (["--layout", "bag"], "give the folder of a ROS 2 bag"),
        (["--device", "cuda:99"], "cuda:99"),
        (["--input-size", "57x57"], "57"),
        (["--json", "/dev/null/numbers.json"], "/dev/null"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(refusal, rooms, arguments, reason):
    assert reason in refusal(rooms, *arguments)


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_is_a_number_of_images(rooms, limit, capsys):
    with pytest.raises(SystemExit):
        cli.main(["eval", str(rooms), "--limit", limit])
    assert "--limit" in capsys.readouterr().err


def test_data_that_are_not_there_are_told_in_one_line(refusal, tmp_path):
    assert "does not exist" in refusal(tmp_path / "nothing")


def test_a_bag_without_truth_says_how_to_name_it(refusal, drive):
    assert "--truth" in refusal(drive[0])


def test_a_model_without_a_fitting_head_is_refused(refusal, rooms, tiny_directory):
    for file in tiny_directory.glob("*_dpt.zip"):
        file.unlink()
    assert "has no head for depth or normals or semantic" in refusal(rooms)
