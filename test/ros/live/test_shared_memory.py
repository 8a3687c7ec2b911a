# SPDX-License-Identifier: Apache-2.0
"""The middleware gets room for clouds where there is room, and is left alone elsewhere."""

from xml.etree import ElementTree

import pytest

from tips_ros.ros.live.shared_memory import shared_memory_environment

VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


@pytest.fixture(autouse=True)
def no_profile(monkeypatch: pytest.MonkeyPatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_both_names_of_the_variable_lead_to_one_profile(tmp_path):
    environment = shared_memory_environment(tmp_path, memory=tmp_path)
    assert set(environment) == set(VARIABLES) and len(set(environment.values())) == 1
    segment = ElementTree.parse(environment[VARIABLES[0]]).find(".//{*}segment_size")
    assert segment is not None and int(segment.text or 0) <= 64 << 20


@pytest.mark.parametrize("name", VARIABLES)
def test_a_profile_of_the_user_s_stays(tmp_path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "mine.xml")
    assert shared_memory_environment(tmp_path, memory=tmp_path) == {}


def test_a_system_without_shared_memory_is_left_as_it_is(tmp_path):
    assert shared_memory_environment(tmp_path, memory=tmp_path / "nowhere") == {}
