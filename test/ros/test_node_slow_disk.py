# SPDX-License-Identifier: Apache-2.0
"""While a disk stands still frames and questions are answered, and what is kept is whole."""

from __future__ import annotations

import os

from tips_ros.srv import MemoryFile, SetPrompts

from tips_ros.perception.language import embedding_cache
from tips_ros.perception.memory.memory_file import load

from ..faults.standing_disk import StandingDisk
from .live_graph import until
from .test_node_memory import LAMP_AT, LEFT, robots

__all__ = ["robots"]


def test_frames_go_on_while_a_memory_is_saved(robots, tmp_path):
    it = robots()
    it.shows(LEFT, LAMP_AT)
    place = tmp_path / "memories" / "room.npz"
    place.parent.mkdir()
    os.mkfifo(place)  # to open it takes as long as nobody reads
    client = it.graph.probe.create_client(MemoryFile, "/tips/memory/save")
    assert client.wait_for_service(60.0)
    answer = client.call_async(MemoryFile.Request(name="room"))
    it.shows(LEFT, LAMP_AT, frames=5)
    assert it.find("box").message.startswith("1 of 2"), "questions are answered meanwhile"
    assert not answer.done()
    (tmp_path / "read").write_bytes(place.read_bytes())
    until(answer.done, "the answer")
    assert answer.result().success and answer.result().objects == 2, answer.result()
    assert len(load(tmp_path / "read").memory.things) == 2


def test_frames_go_on_with_the_classes_before_while_words_are_kept(graph, monkeypatch):
    disk = StandingDisk()
    monkeypatch.setattr(
        embedding_cache, "write_atomically", disk.before(embedding_cache.write_atomically)
    )
    graph.listen("semantic/image")
    graph.publish_image(sec=1)
    client = graph.probe.create_client(SetPrompts, "/tips/set_prompts")
    assert client.wait_for_service(60.0)
    answer = client.call_async(SetPrompts.Request(prompts=["a lemon", "a lime"]))
    until(disk.asked.is_set, "the disk to be asked")

    for sec in range(2, 5):

        def masked(sec: int = sec) -> bool:
            graph.publish_image(sec=sec)
            return any(m.header.stamp.sec == sec for m in graph.received["semantic/image"])

        until(masked, f"mask {sec}")
    assert not answer.done()
    disk.goes.set()
    until(answer.done, "the answer")
    assert answer.result().success, answer.result().message
