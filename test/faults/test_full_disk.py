# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: what was there stays, nothing half stays, and the line says what to do.

Disks of a few pages are mounted for it, as root may.
"""

from __future__ import annotations

import logging
import tempfile

import numpy as np
import pytest
import yaml

from tips_ros import cli
from tips_ros.bags import BagError, BagReader, BagWriter
from tips_ros.bags.storage.unpacking import zstd
from tips_ros.commands.options.output_checks import write_error
from tips_ros.offline.fleet.manifest import Manifest
from tips_ros.offline.pictures.result_files import ImageResults, write_results
from tips_ros.perception.language.embedding_cache import TextCache
from tips_ros.perception.memory.identity import ModelIdentity
from tips_ros.perception.memory.memory_file import load, save
from tips_ros.perception.prediction import Prediction
from tips_ros.whole_file import stage_folder, write_atomically

from ..commands.test_calibrate import SMALL, model, rooms
from ..perception.conftest import DESCRIPTION
from ..perception.memory.watch import LEFT, RIGHT, Watch

__all__ = ["model", "rooms"]
STRING = "std_msgs/msg/String"
IDENTITY = ModelIdentity("tiny", 16, tuple(float(n) for n in range(1, 9)))
PAGE = 4096


def check_line(text, place):
    """One line, with the name of the file, the reason and what to do."""
    assert "\n" not in text and str(place) in text, text
    assert "No space left" in text or "is the disk full?" in text, text
    assert "make room" in text, text
    assert ".part" not in text  # no name that nobody has given


def write_bag(path, count, size=2000, **options):
    with BagWriter(path, **options) as writer:
        writer.add_topic("/chatter", STRING)
        for stamp in range(count):
            writer.write("/chatter", stamp, writer.typestore.types[STRING]("x" * size))


@pytest.mark.parametrize("name", ["bag", "bag.mcap"])
@pytest.mark.parametrize("count", [10, 2000], ids=["at its end", "on the way"])
def test_a_bag_is_whole_or_not_there(small_disk, name, count):
    disk = small_disk(64 * PAGE)
    write_bag(disk.path / name, 3)
    before = disk.names()
    disk.fill(leave_bytes=2 * PAGE)
    with pytest.raises(BagError) as refused:
        write_bag(disk.path / name, count, overwrite=True)
    check_line(str(refused.value), disk.path / name)
    assert disk.names() == before
    with BagReader(disk.path / name) as reader:
        assert reader.message_count == 3
    disk.empty()
    write_bag(disk.path / name, 20, overwrite=True)  # once there is room
    with BagReader(disk.path / name) as reader:
        assert reader.message_count == 20


def test_a_packed_bag_is_whole_or_not_there(small_disk):
    disk = small_disk(64 * PAGE)
    disk.fill(leave_bytes=PAGE)
    rng = np.random.default_rng(1)
    with pytest.raises(BagError) as refused, BagWriter(disk.path / "bag", pack=True) as writer:
        writer.add_topic("/chatter", STRING)
        for stamp in range(400):
            text = rng.bytes(5000).hex()
            writer.write("/chatter", stamp, writer.typestore.types[STRING](text))
    check_line(str(refused.value), disk.path / "bag")
    assert disk.names() == []


@pytest.mark.slow
def test_a_memory_that_was_saved_before_stays(small_disk):
    watch = Watch()
    watch(LEFT, RIGHT, frames=5)
    disk = small_disk(64 * PAGE)
    file = disk.path / "memory.npz"
    save(file, watch.memory, IDENTITY)
    disk.fill(leave_bytes=0)
    with pytest.raises(OSError) as refused:
        save(file, watch.memory, IDENTITY)
    check_line(str(refused.value), file)
    assert disk.names() == ["memory.npz"] and len(load(file).memory.things) == 2


def test_a_calibration_that_cannot_be_kept_leaves_the_model_as_it_was(
    small_disk, rooms, model, capsys  # noqa: F811
):  # fmt: skip
    disk = small_disk(64 * PAGE)
    file = disk.path / "model.yaml"
    file.write_text("attention_heads: 4\n")
    disk.fill()
    argv = ["calibrate", str(rooms), "--model", str(model), "--output", str(file), *SMALL]
    assert cli.main(argv) == 2
    check_line(capsys.readouterr().err.strip(), file)
    assert yaml.safe_load(file.read_text()) == {"attention_heads": 4}
    assert disk.names() == ["model.yaml"]


def test_results_of_an_earlier_picture_stay(small_disk):
    disk = small_disk(64 * PAGE)
    rgb, depth_m = np.zeros((48, 64, 3), np.uint8), np.ones((48, 64), np.float32)
    results = ImageResults("a", rgb, Prediction(depth_m), DESCRIPTION)
    np.save(disk.path / "depth.npy", depth_m * 2)
    disk.fill(leave_bytes=PAGE)
    with pytest.raises(OSError) as refused:
        list(write_results(results, disk.path))
    check_line(str(write_error(refused.value, disk.path)), disk.path)
    assert disk.names() == ["depth.npy"]
    np.testing.assert_array_equal(np.load(disk.path / "depth.npy"), depth_m * 2)


def test_a_manifest_keeps_what_was_done(small_disk, tmp_path):
    disk = small_disk(64 * PAGE)
    bag = tmp_path / "bag"
    write_bag(bag, 3)
    manifest = Manifest(disk.path)
    manifest.note("first", bag, bag, [], 1.0)
    disk.fill()
    with pytest.raises(OSError) as refused:
        manifest.note("second", bag, bag, [], 1.0)
    check_line(str(refused.value), manifest.file)
    assert Manifest(disk.path).is_done("first", bag, bag, [])
    assert not Manifest(disk.path).is_done("second", bag, bag, [])


def test_words_that_cannot_be_kept_are_known_all_the_same(small_disk, caplog):
    disk = small_disk(4 * PAGE)
    disk.fill()
    cache = TextCache(disk.path)
    vector = np.arange(16, dtype=np.float32)
    with caplog.at_level(logging.WARNING):
        for word in ("door", "cup"):
            cache.write("tiny", word, vector)
    (record,) = caplog.records
    assert "No space left" in record.getMessage() and "XDG_CACHE_HOME" in record.getMessage()
    np.testing.assert_array_equal(cache.read("tiny", "cup"), vector)
    assert not any(path.is_file() for path in disk.path.rglob("*") if path.name != "ballast")


def test_an_engine_that_cannot_be_kept_leaves_nothing(small_disk):
    """Files of an engine come together, as all that is staged does."""
    disk = small_disk(8 * PAGE)
    disk.fill(leave_bytes=PAGE)
    with pytest.raises(OSError), stage_folder(disk.path / "engines" / "key") as stage:
        (stage / "engine.plan").write_bytes(bytes(3 * PAGE))
    assert disk.names() == []


@pytest.mark.parametrize("room", [0, PAGE])
def test_any_other_file_is_whole_or_as_it_was(small_disk, room):
    disk = small_disk(8 * PAGE)
    (disk.path / "file").write_bytes(b"earlier")
    disk.fill(leave_bytes=room)
    with pytest.raises(OSError) as refused:
        write_atomically(disk.path / "file", bytes(3 * PAGE))
    check_line(str(refused.value), disk.path / "file")
    assert disk.names() == ["file"] and (disk.path / "file").read_bytes() == b"earlier"


def test_a_bag_that_cannot_be_unpacked_says_where_room_is_wanted(small_disk, monkeypatch):
    """A bag that recorders compressed as a whole is unpacked to the folder for such files."""
    disk, other = small_disk(8 * PAGE), small_disk(64 * PAGE)
    write_bag(other.path / "a.mcap", 40)
    packed = other.path / "b.mcap.zstd"
    packed.write_bytes(zstd.compress((other.path / "a.mcap").read_bytes()))
    disk.fill(leave_bytes=PAGE)
    monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
    with pytest.raises(BagError) as refused:
        BagReader(packed)
    assert "make room in" in str(refused.value) and str(disk.path) in str(refused.value)
    assert disk.names() == []
