# SPDX-License-Identifier: Apache-2.0
"""A bundle is all that a program needs: one that follows its sheet gets what the predictor says."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tips_ros.perception import bundle
from tips_ros.perception.bundle import BundleRefused, write_bundle
from tips_ros.perception.loading.load import load_model
from tips_ros.perception.predictor import Predictor

SIZE = (56, 84)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("onnxscript") is None or find_spec("onnxruntime") is None,
        reason="onnxscript and onnxruntime are not installed",
    ),
]


@pytest.fixture
def written(tiny_directory: Path, tmp_path: Path) -> Path:
    tried = write_bundle(load_model(str(tiny_directory)), SIZE, torch.float32, tmp_path)
    assert tried.startswith("ONNX Runtime ")
    return tmp_path


class Follower:
    """A program that knows the sheet alone: no word of the package in it."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        self.folder = folder
        self.sheet = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
        self.session = onnxruntime.InferenceSession(
            str(folder / self.sheet["graph"]), providers=["CPUExecutionProvider"]
        )

    def trial(self, name: str) -> NDArray[Any]:
        told = self.sheet["trial"]["files"][name]
        kind = {"float32": "<f4", "uint8": "u1"}[told["type"]]
        return np.fromfile(self.folder / told["file"], kind).reshape(told["shape"])

    def before(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        _, _, height, width = self.sheet["input"]["shape"]
        rows, columns = triangles(picture.shape[0], height), triangles(picture.shape[1], width)
        resized = np.einsum("yr,rcx,zc->xyz", rows, picture.astype(np.float64), columns)
        return (resized / 255).astype(np.float32)[None]

    def run(self, images: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        names = [output["name"] for output in self.sheet["outputs"]]
        made = self.session.run(names, {self.sheet["input"]["name"]: images})
        return dict(zip(names, made, strict=True))

    def after(self, maps: dict[str, NDArray[np.float32]], size: tuple[int, int]) -> dict[str, Any]:
        depth = cv2.resize(maps["depth"][0], size[::-1], interpolation=cv2.INTER_LINEAR)
        normals = cv2.resize(maps["normals"][0], size[::-1], interpolation=cv2.INTER_CUBIC)
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        logits = [
            cv2.resize(one, size[::-1], interpolation=cv2.INTER_LINEAR)
            for one in np.moveaxis(maps["logits"][0], -1, 0)
        ]
        best = np.argmax(logits, axis=0)
        return {"depth": depth, "normals": normals, "best": best}


def triangles(before: int, after: int) -> NDArray[np.float64]:
    """Weights (after, before) of an antialiased bilinear resize."""
    step = before / after
    centres = (np.arange(after) + 0.5) * step
    away = np.abs(np.arange(before) + 0.5 - centres[:, None]) / max(step, 1.0)
    weights = np.maximum(1 - away, 0)
    return weights / weights.sum(1, keepdims=True)


def test_a_program_that_follows_the_sheet_gets_what_the_predictor_says(
    written: Path, tiny_directory: Path
):
    follower, loaded = Follower(written), load_model(str(tiny_directory))
    predictor = Predictor(loaded.tips, loaded.description, input_size=SIZE)
    picture = np.random.RandomState(5).randint(0, 256, (100, 130, 3)).astype(np.uint8)
    found = follower.after(follower.run(follower.before(picture)), (100, 130))
    expected = predictor.predict(picture)
    assert expected.depth_m is not None and expected.normals is not None
    np.testing.assert_allclose(found["depth"], expected.depth_m, rtol=2e-3)
    assert (np.sum(found["normals"] * expected.normals, -1) > 0.999).mean() > 0.99
    ids = np.array(follower.sheet["ids"])[found["best"]]
    assert (ids == expected.labels).mean() > 0.99
    assert follower.sheet["classes"] == list(loaded.description.classes.names)


def test_the_trial_holds_what_each_step_makes(written: Path):
    follower = Follower(written)
    trial = follower.sheet["trial"]
    picture = follower.trial("picture")
    np.testing.assert_allclose(follower.before(picture), follower.trial("images"), atol=1e-5)
    maps = follower.run(follower.trial("images"))
    for output in follower.sheet["outputs"]:
        made, true = maps[output["name"]], follower.trial(output["name"])
        assert list(made.shape) == output["shape"] and made.dtype == output["type"]
        within = np.abs(made - true) <= trial["of_largest"] * np.abs(true).max()
        assert within.mean() >= trial["share"]
    last = follower.after(maps, picture.shape[:2])
    np.testing.assert_allclose(last["depth"], follower.trial("depth_at_picture"), rtol=2e-3)
    normals = np.sum(last["normals"] * follower.trial("normals_at_picture"), -1)
    assert (normals > 0.999).mean() > 0.99
    assert (last["best"] == follower.trial("labels_at_picture")).mean() > 0.99


@pytest.mark.parametrize("wrong", ["depth", "normals", "logits"])
def test_a_graph_that_says_something_else_is_refused(
    tiny_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
):
    whole = bundle.whole_graph

    def other(tips: Any, size: Any) -> Any:
        part = whole(tips, size)
        monkeypatch.setattr(bundle, "onnx_file", spoiled(bundle.onnx_file, wrong))
        return part

    monkeypatch.setattr(bundle, "whole_graph", other)
    with pytest.raises(BundleRefused, match=f"another {wrong}"):
        write_bundle(load_model(str(tiny_directory)), SIZE, torch.float32, tmp_path)


def spoiled(write: Any, wrong: str) -> Any:
    """Writes a graph one of whose outputs is a little more than it should be."""

    def written(part: Any, folder: Path, dtype: torch.dtype, names: Any) -> Path:
        class More(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.module = part.module

            def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
                made = self.module(images)
                return tuple(
                    one + 0.01 * one.abs().max() if name == wrong else one
                    for name, one in zip(names[1], made, strict=True)
                )

        file: Path = write(part._replace(module=More()), folder, dtype, names)
        return file

    return written
