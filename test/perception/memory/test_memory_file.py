# SPDX-License-Identifier: Apache-2.0
"""A memory is read back as it was; other files and other models are refused in one line."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.memory.identity import ModelIdentity, identity_of
from tips_ros.perception.memory.memory_file import _FIELDS, MemoryFileError, load, save

from .watch import LEFT, RIGHT, Watch

SAME = ModelIdentity("tiny", 16, tuple(float(n) for n in range(1, 9)))
OTHER = ModelIdentity("other", 16, tuple(float(9 - n) for n in range(1, 9)))


@pytest.fixture
def watch() -> Watch:
    watch = Watch()
    watch(LEFT, RIGHT, frames=5, noise=0.03)
    watch.memory.things[0].mean_feature = None  # one that no feature is known of
    return watch


def rewritten(file: Path, **arrays: np.ndarray | None) -> Path:
    with np.load(file) as loaded:
        content = {name: loaded[name] for name in loaded.files} | arrays
    np.savez(file, **{name: array for name, array in content.items() if array is not None})
    return file


def test_it_is_equal_to_the_bit(watch: Watch, tmp_path: Path):
    save(tmp_path / "a.npz", watch.memory, SAME)
    read = load(tmp_path / "a.npz", SAME)
    assert read.identity == SAME
    assert len(read.memory.things) == len(watch.memory.things) == 2
    for mine, its in zip(watch.memory.things, read.memory.things, strict=True):
        assert mine.names == its.names
        for name in (*_FIELDS, "mean_feature", "best_feature"):
            a, b = getattr(mine, name), getattr(its, name)
            assert type(a) is type(b), name
            if a is not None:
                assert np.array(a).dtype == np.array(b).dtype, name
                assert np.array(a).tobytes() == np.array(b).tobytes(), name
    for name in ("frame_id", "last_number", "newest_ns", "way_m"):
        assert getattr(watch.memory, name) == getattr(read.memory, name)
    save(tmp_path / "b.npz", read.memory, SAME)
    contents = [zipfile.ZipFile(tmp_path / name) for name in ("a.npz", "b.npz")]
    assert all(
        contents[0].read(entry) == contents[1].read(entry) for entry in contents[0].namelist()
    )


def test_one_that_was_read_goes_on_as_it_was(watch: Watch, tmp_path: Path):
    save(tmp_path / "a.npz", watch.memory, SAME)
    watch.memory = load(tmp_path / "a.npz").memory
    watch(LEFT, RIGHT, frames=3)
    assert {one.number for one in watch.memory.things} == {1, 2}
    assert all(one.hits == 7 for one in watch.memory.things)


def test_another_model_s_features_are_refused(watch: Watch, tmp_path: Path):
    save(tmp_path / "a.npz", watch.memory, SAME)
    with pytest.raises(MemoryFileError, match="a.npz was made by model tiny, whose features mean"):
        load(tmp_path / "a.npz", OTHER)
    with pytest.raises(MemoryFileError, match="was made by model tiny"):
        load(tmp_path / "a.npz", SAME._replace(width=8))


@pytest.mark.slow
def test_a_model_is_the_same_in_another_number_format_and_no_other_model_is():
    demo = load_predictor(precision="fp32", input_size=(112, 112))
    full = identity_of(demo.model, "demo")
    half = identity_of(load_predictor(precision="bf16", input_size=(112, 112)).model, "again")
    assert full.is_same(half) and half.is_same(full)
    assert full.width == demo.description.vit.width
    assert not full.is_same(full._replace(fingerprint=full.fingerprint[::-1]))


def test_no_pickle_is_ever_loaded(watch: Watch, tmp_path: Path):
    save(tmp_path / "a.npz", watch.memory, SAME)
    objects = np.array([{"a": 1}, {"b": 2}], object)
    with pytest.raises(MemoryFileError, match="a.npz is no memory of tips_ros, or damaged"):
        load(rewritten(tmp_path / "a.npz", hits=objects))
    (tmp_path / "b.npz").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(MemoryFileError, match="b.npz is no memory of tips_ros, or damaged"):
        load(tmp_path / "b.npz")


@pytest.mark.parametrize(
    "change",
    [
        {"place_m": None},
        {"place_m": np.full((2, 3), np.nan)},
        {"place_m": np.zeros((3, 3))},
        {"place_m": np.zeros((2, 3), np.float32)},
        {"number": np.array([1, 1])},
        {"hits": np.array([0, 1])},
        {"mean_feature": np.zeros((2, 4), np.float16)},
        {"about": np.frombuffer(b"{}", np.uint8)},
        {"about": np.frombuffer(b"[1, 2", np.uint8)},
        {"about": np.frombuffer(b'{"format": 9}', np.uint8)},
        {"way_m": np.zeros(5, np.float32)},
    ],
    ids=str,
)
def test_what_is_damaged_is_refused_in_one_line(watch: Watch, tmp_path: Path, change):
    save(tmp_path / "a.npz", watch.memory, SAME)
    with pytest.raises(MemoryFileError) as refused:
        load(rewritten(tmp_path / "a.npz", **change))
    assert "a.npz" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(watch: Watch, tmp_path: Path, share: float):
    save(tmp_path / "a.npz", watch.memory, SAME)
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(MemoryFileError):
        load(tmp_path / "a.npz")


def test_a_file_that_unpacks_to_gigabytes_is_refused_before_it_is(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tips_ros.perception.memory.memory_file._MOST_BYTES", 10**6)
    packed = io.BytesIO()
    np.savez_compressed(packed, place_m=np.zeros(10**6))
    (tmp_path / "a.npz").write_bytes(packed.getvalue())
    with pytest.raises(MemoryFileError, match="too large"):
        load(tmp_path / "a.npz")


def test_a_missing_file_is_told_as_such(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz")
