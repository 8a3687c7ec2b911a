# SPDX-License-Identifier: Apache-2.0
"""config/fastdds.xml is taken by Fast DDS, and used where there is room and nothing else is set."""

import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from sensor_msgs.msg import Image

from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.ros import transport_profile
from tips_ros.ros.topics import qos
from tips_ros.ros.transport_profile import (
    VARIABLES,
    profile_variables,
    shipped_profile,
    transport_environment,
)

from .live_graph import until

SEGMENT = 64 << 20
HAS_SHARED_MEMORY = transport_profile.MEMORY.is_dir()
ROOM = {"free": 8 * SEGMENT}
# A node as any other process makes it; then the sizes of the shared memory that it has mapped.
NODE = """
import os, rclpy
rclpy.init()
node = rclpy.create_node("looked_at")
files = {line.split()[-1] for line in open("/proc/self/maps") if "/dev/shm/fast" in line}
print(max(os.stat(file).st_size for file in files))
node.destroy_node()
rclpy.shutdown()
"""
CAMERA = """
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image
from tips_ros.ros.topics import qos
rclpy.init()
node = Node("camera")
publisher = node.create_publisher(Image, "image", qos.output())
image = Image(width=1920, height=1080, encoding="rgb8", step=5760)
image.data.frombytes(bytes(range(240)) * (1080 * 5760 // 240))
node.create_timer(0.2, lambda: publisher.publish(image))
try:
    rclpy.spin(node)
except ExternalShutdownException:
    node.destroy_node()
"""


@pytest.fixture(autouse=True)
def nothing_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "RMW_IMPLEMENTATION"):
        monkeypatch.delenv(name, raising=False)


def disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """A machine with that much shared memory left."""
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(transport_profile.shutil, "disk_usage", lambda path: usage(free))


def segment_of_a_node(variables: dict[str, str]) -> tuple[int, str]:
    """The largest piece of shared memory of a process with a node, and what it complained of."""
    done = subprocess.run(
        [sys.executable, "-c", NODE],
        env={**os.environ, **own_graph_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    *said, size = done.stdout.splitlines()
    return int(size), "\n".join(said) + done.stderr


@pytest.mark.skipif(not HAS_SHARED_MEMORY, reason="needs /dev/shm")
class TestAProcess:
    @pytest.mark.slow
    def test_that_is_started_with_the_profile_has_the_memory_that_it_names(self):
        size, said = segment_of_a_node(dict.fromkeys(profile_variables(), str(shipped_profile())))
        assert SEGMENT <= size < 1.1 * SEGMENT
        assert said == ""

    @pytest.mark.slow
    def test_without_it_has_less_than_one_image(self):
        size, _ = segment_of_a_node({})
        assert size < 640 * 480 * 3

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            ("<segment_size>", "<segment_size>a lot of "),
            ("</profiles>", ""),
            ("<type>SHM</type>", "<type>SHN</type>"),
        ],
    )
    def test_notices_a_profile_that_is_broken(self, tmp_path: Path, right: str, wrong: str):
        """Shows that the first of these tests can fail: Fast DDS goes on without it."""
        text = shipped_profile().read_text(encoding="utf-8")
        assert right in text
        (tmp_path / "broken.xml").write_text(text.replace(right, wrong), encoding="utf-8")
        broken = dict.fromkeys(profile_variables(), str(tmp_path / "broken.xml"))
        size, said = segment_of_a_node(broken)
        assert size < SEGMENT
        assert said

    @pytest.mark.slow
    def test_takes_the_smaller_copy_as_well(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        disk(monkeypatch, SEGMENT)
        variables = transport_environment(smaller_in=tmp_path)
        assert set(variables.values()) == {str(tmp_path / "fastdds.xml")}
        size, said = segment_of_a_node(variables)
        assert SEGMENT // 4 <= size < 1.1 * SEGMENT // 4
        assert said == ""

    @pytest.mark.slow
    def test_gets_a_large_image_of_another_one_whole(self):
        environment = {
            **own_graph_environment(),
            **dict.fromkeys(profile_variables(), str(shipped_profile())),
        }
        images: list[Image] = []
        camera = subprocess.Popen([sys.executable, "-c", CAMERA], env={**os.environ, **environment})
        try:
            with RosSession("viewer", environment) as graph:
                graph.node.create_subscription(Image, "image", images.append, qos.sensor_input())
                until(lambda: len(images) >= 3, "three images of the other process")
        finally:
            camera.terminate()  # killed, it would leave its segment behind
            camera.wait(60)
        pixels = np.frombuffer(images[-1].data, np.uint8).reshape(1080, 5760)
        assert (pixels == np.arange(5760) % 240).all()


class TestTheVariables:
    def test_lead_to_the_shipped_profile(self, monkeypatch: pytest.MonkeyPatch):
        disk(monkeypatch, **ROOM)
        assert transport_environment() == dict.fromkeys(profile_variables(), str(shipped_profile()))

    @pytest.mark.parametrize("name", VARIABLES)
    def test_stay_as_the_user_set_them(self, monkeypatch: pytest.MonkeyPatch, name: str):
        disk(monkeypatch, **ROOM)
        monkeypatch.setenv(name, "mine.xml")
        assert transport_environment() == {}

    def test_are_set_for_fast_dds_alone(self, monkeypatch: pytest.MonkeyPatch):
        disk(monkeypatch, **ROOM)
        assert transport_environment(environment={"RMW_IMPLEMENTATION": "rmw_zenoh_cpp"}) == {}
        chosen = {"RMW_IMPLEMENTATION": "rmw_fastrtps_dynamic_cpp"}
        assert set(transport_environment(environment=chosen)) == set(VARIABLES)

    @pytest.mark.parametrize(
        ("package", "expected"),
        [("fastrtps", VARIABLES[:1]), ("fastdds", VARIABLES[1:]), ("another", VARIABLES)],
    )
    def test_are_those_that_this_fast_dds_reads(
        self, package: str, expected: tuple[str, ...], tmp_path: Path
    ):
        (tmp_path / "share" / package).mkdir(parents=True)
        prefixes = {"AMENT_PREFIX_PATH": f"/nowhere:{tmp_path}"}
        assert profile_variables(prefixes) == expected
        assert profile_variables({}) == VARIABLES

    def test_are_not_set_where_the_memory_is_short(self, monkeypatch: pytest.MonkeyPatch):
        disk(monkeypatch, 4 * SEGMENT - 1)
        assert transport_environment() == {}

    def test_are_not_set_where_even_a_small_one_finds_no_room(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        disk(monkeypatch, 16 << 20)
        assert transport_environment(smaller_in=tmp_path) == {}

    def test_are_not_set_on_a_system_without_shared_memory(self, tmp_path: Path):
        assert transport_environment(smaller_in=tmp_path, memory=tmp_path / "nowhere") == {}


class TestAProfileOfTheUserS:
    def test_is_taken_as_it_is(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        disk(monkeypatch, 0)
        mine = tmp_path / "mine.xml"
        mine.write_text("<dds/>", encoding="utf-8")
        assert set(transport_environment(mine).values()) == {str(mine)}

    def test_that_is_not_there_is_an_error(self, tmp_path: Path):
        with pytest.raises(FileNotFoundError, match="mine.xml"):
            transport_environment(tmp_path / "mine.xml")

    def test_that_is_no_xml_is_an_error_that_names_it(self, tmp_path: Path):
        (tmp_path / "mine.xml").write_text("segment_size: 3", encoding="utf-8")
        with pytest.raises(ValueError, match=r"mine\.xml: not XML"):
            transport_environment(tmp_path / "mine.xml")


def test_the_segment_holds_a_full_hd_image_and_the_cloud_of_a_vga_one():
    root = ElementTree.parse(shipped_profile()).getroot()
    assert int(root.findtext(".//{*}segment_size") or 0) == SEGMENT
    assert int(root.findtext(".//{*}maxMessageSize") or 0) == SEGMENT // 2
    assert max(1920 * 1080 * 3, 640 * 480 * 32) * 4 <= SEGMENT


def test_the_module_prints_what_a_shell_exports(tmp_path: Path):
    # From elsewhere: in the source folder Python would find the sources, which are right as well.
    done = subprocess.run(
        [sys.executable, "-m", "tips_ros.ros.transport_profile"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == transport_environment()
