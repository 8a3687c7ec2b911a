# SPDX-License-Identifier: Apache-2.0
"""`tips_ros infer` on a full-size B/14 agrees with Google's reference implementation.

The weights are numbers from a frozen random stream in the layout, the names and the sizes of the
official files. What the reference made of them lies in data/full_size_b14_expected.npz; the README
in data/golden says how.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.slow

EXPECTED = Path(__file__).parent / "data" / "full_size_b14_expected.npz"
STEP = 7  # the expectation holds every 7th pixel of every 7th row
SIDE = 448
WIDTH, DEPTH, HIDDEN, CHANNELS = 768, 12, 3072, 256
HEADS = {
    "depth": ("pixel_depth_classif", 256),
    "normals": ("pixel_normals", 3),
    "segmentation": ("pixel_segmentation", 150),
}
Shape = tuple[int, ...]


def image() -> np.ndarray:
    """(448, 448, 3) uint8: slow ramps, edges and fine texture, in whole numbers."""
    v, u = np.mgrid[:SIDE, :SIDE]
    noise = np.frombuffer(np.random.RandomState(7).bytes(SIDE * SIDE * 3), np.uint8)
    red = u * 200 // SIDE + (v // 64 + u // 48) % 2 * 30
    green = v * 200 // SIDE + (u * u + v * v) // 997 % 40
    blue = (u + v) * 120 // SIDE + (u // 96) * 20
    texture = noise.reshape(SIDE, SIDE, 3) // 12
    return (np.stack([red, green, blue], axis=-1) + texture).astype(np.uint8)


def encoder_shapes() -> dict[str, Shape]:
    """The tensors of `tips_v2_oss_b14_vision.npz`."""
    linear = {
        "attn.qkv": (3 * WIDTH, WIDTH),
        "attn.proj": (WIDTH, WIDTH),
        "mlp.fc1": (HIDDEN, WIDTH),
        "mlp.fc2": (WIDTH, HIDDEN),
    }
    shapes: dict[str, Shape] = {
        "cls_token": (1, 1, WIDTH),
        "register_tokens": (1, 1, WIDTH),
        "mask_token": (1, WIDTH),
        "pos_embed": (1, 1 + 32 * 32, WIDTH),
        "patch_embed.proj.weight": (WIDTH, 3, 14, 14),
        "patch_embed.proj.bias": (WIDTH,),
        "norm.weight": (WIDTH,),
        "norm.bias": (WIDTH,),
    }
    for block in (f"blocks.{i}" for i in range(DEPTH)):
        for name, (outputs, inputs) in linear.items():
            shapes[f"{block}.{name}.weight"] = (outputs, inputs)
            shapes[f"{block}.{name}.bias"] = (outputs,)
        for i in (1, 2):
            shapes[f"{block}.norm{i}.weight"] = shapes[f"{block}.norm{i}.bias"] = (WIDTH,)
            shapes[f"{block}.ls{i}.gamma"] = (WIDTH,)
    return shapes


def head_shapes(layer: str, outputs: int) -> dict[str, Shape]:
    """The tensors of a `tips_v2_b14_*_dpt.zip`, laid out as Flax does: (…, in, out)."""
    with_bias: dict[str, Shape] = {"dpt/project": (3, 3, CHANNELS, CHANNELS)}
    without: dict[str, Shape] = {}
    levels = (WIDTH // 8, WIDTH // 4, WIDTH // 2, WIDTH)
    for i, size in enumerate(levels):
        with_bias[f"dpt/reassemble_blocks/readout_projects_{i}"] = (2 * WIDTH, WIDTH)
        with_bias[f"dpt/reassemble_blocks/out_projection_{i}"] = (1, 1, WIDTH, size)
        with_bias[f"dpt/fusion_blocks_{i}/Conv_0"] = (1, 1, CHANNELS, CHANNELS)
        without[f"dpt/convs_{i}"] = (3, 3, size, CHANNELS)
        for unit in range(1 if i == 0 else 2):
            for conv in ("conv1", "conv2"):
                name = f"dpt/fusion_blocks_{i}/PreActResidualConvUnit_{unit}/{conv}"
                without[name] = (3, 3, CHANNELS, CHANNELS)
    for i, kernel in ((0, 4), (1, 2), (3, 3)):
        name = f"dpt/reassemble_blocks/resize_layers_{i}"
        with_bias[name] = (kernel, kernel, levels[i], levels[i])
    with_bias[layer] = (CHANNELS, outputs)
    shapes = {f"decoder/{name}/kernel": shape for name, shape in (with_bias | without).items()}
    return shapes | {f"decoder/{name}/bias": shape[-1:] for name, shape in with_bias.items()}


def tensor(name: str, shape: Shape, fan_in: int) -> np.ndarray:
    """Weights that keep activations near 1, the same on every machine and NumPy."""
    noise = np.random.RandomState(zlib.crc32(name.encode())).bytes(2 * int(np.prod(shape)))
    unit = (np.frombuffer(noise, "<u2") - np.float32(32767.5)) / np.float32(32768)  # -1 … 1
    values = unit.reshape(shape)
    if name.endswith("gamma"):
        return np.float32(0.55) + np.float32(0.45) * values
    if len(shape) == 1:
        center = 1 if "norm" in name and name.endswith("weight") else 0
        return np.float32(center) + np.float32(0.1) * values
    if name.endswith(("token", "tokens", "embed")):
        return np.float32(0.5) * values
    if "pixel_depth_classif" in name:  # neighbouring bins belong together: depths differ
        values = np.cumsum(values, axis=1, dtype=np.float32) / np.float32(8)
    return values * np.float32((3 / fan_in) ** 0.5)


def write_model(directory: Path) -> None:
    """The four official files, 630 MB."""
    encoder = {
        name: tensor(name, shape, int(np.prod(shape[1:])))
        for name, shape in encoder_shapes().items()
    }
    np.savez(directory / "tips_v2_oss_b14_vision.npz", **encoder)
    for head, (layer, outputs) in HEADS.items():
        arrays = {
            name: tensor(f"{head}/{name}", shape, int(np.prod(shape[:-1])))
            for name, shape in head_shapes(layer, outputs).items()
        }
        with open(directory / f"tips_v2_b14_{head}_dpt.zip", "wb") as file:
            np.savez(file, **arrays)


@pytest.fixture(scope="module")
def written() -> Iterator[Path]:
    """Files of `tips_ros infer` for the image; not in tmp_path, which outlives the run."""
    with tempfile.TemporaryDirectory() as folder:
        model, picture, output = Path(folder, "b14"), Path(folder, "image.png"), Path(folder, "out")
        model.mkdir()
        write_model(model)
        cv2.imwrite(str(picture), image()[..., ::-1])
        command = [sys.executable, "-m", "tips_ros", "infer", str(picture)]
        command += ["--model", str(model), "--output", str(output), "--device", "cpu"]
        command += ["--precision", "fp32"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        yield output


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    with np.load(EXPECTED) as arrays:
        return dict(arrays)


def sampled(array: np.ndarray) -> np.ndarray:
    return array[::STEP, ::STEP]


def test_depth_is_the_reference_s_to_a_millimetre(written: Path, expected: dict[str, np.ndarray]):
    depth_m = np.load(written / "depth.npy")
    assert depth_m.shape == (SIDE, SIDE) and depth_m.dtype == np.float32
    assert np.ptp(depth_m) > 1.0  # or the comparison would say little
    np.testing.assert_allclose(sampled(depth_m), expected["depth_m"], rtol=0, atol=1e-3)


def test_normals_are_the_reference_s_turned_to_the_camera(
    written: Path, expected: dict[str, np.ndarray]
):
    normals = np.load(written / "normals.npy")
    assert normals.shape == (SIDE, SIDE, 3) and normals.dtype == np.float32
    np.testing.assert_allclose(sampled(normals), expected["normals"], rtol=0, atol=1e-3)


def test_classes_are_the_reference_s(written: Path, expected: dict[str, np.ndarray]):
    labels = np.load(written / "semantic.npy")
    assert labels.shape == (SIDE, SIDE) and labels.dtype == np.uint8
    assert len(np.unique(labels)) > 5
    # Where two classes are equal to within rounding errors, either is right.
    clear = expected["margin"] > 1e-3
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(sampled(labels)[clear], expected["labels"][clear])


def test_a_model_from_files_counts_as_trained(written: Path):
    classes = json.loads((written / "classes.json").read_text())
    assert classes["trained"] is True and classes["variant"] == "B"
    assert [entry["id"] for entry in classes["classes"]] == list(range(150))
