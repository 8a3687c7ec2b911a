# SPDX-License-Identifier: Apache-2.0
"""Domains of our own: no other run's, not the user's, and free again afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from tips_ros.replay import domain
from tips_ros.replay.domain import claim_domain, own_graph_environment

ALL = range(1, 102)
CLAIMER = """
import sys
from tips_ros.replay import domain
domain._NAME = sys.argv[2]
print(*(domain.claim_domain() for _ in range(int(sys.argv[1]))), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def no_claims(monkeypatch: pytest.MonkeyPatch):
    """There are no claims at first, this process's neither; those of the test end with it."""
    kept: dict[int, socket.socket] = {}
    monkeypatch.setattr(domain, "_NAME", f"tips_ros/test/{os.getpid()}")
    monkeypatch.setattr(domain, "_claims", kept)
    yield
    for claim in kept.values():
        claim.close()


@pytest.fixture
def quiet_domains():
    """Three domains that no other run of ours takes meanwhile: claimed by their real names."""
    held = {}
    for number in filter(domain._is_quiet, ALL):
        if len(held) < 3 and (claim := domain._claim(number)) is not None:
            held[number] = claim
    yield list(held)
    for claim in held.values():
        claim.close()


@pytest.fixture
def another_process(no_claims):
    """Starts a process that claims some domains; returns it and them."""
    processes = []

    def start(count: int) -> tuple[subprocess.Popen[str], set[int]]:
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIMER, str(count), domain._NAME],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        return process, {int(number) for number in process.stdout.readline().split()}

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_two_processes_never_have_the_same_domain(another_process):
    domains = [another_process(8)[1] for _ in range(6)] + [{claim_domain() for _ in range(8)}]
    assert [len(claimed) for claimed in domains] == [8] * 7
    assert len(set().union(*domains)) == 56


def test_a_domain_is_free_again_when_its_process_was_killed(another_process):
    process, theirs = another_process(1)
    process.kill()
    process.wait()
    (number,) = theirs
    claim = domain._claim(number)
    assert claim is not None
    claim.close()


@pytest.mark.slow
def test_the_user_s_domain_is_never_taken(monkeypatch: pytest.MonkeyPatch, no_claims):
    monkeypatch.setenv("ROS_DOMAIN_ID", "42")
    for _ in range(60):
        number = claim_domain()
        domain._claims.pop(number).close()
        assert number != 42
    assert own_graph_environment()["ROS_DOMAIN_ID"] != "42"


@pytest.mark.parametrize("participant", [0, 2], ids=["first participant", "third participant"])
def test_a_domain_where_somebody_is_already_is_left_alone(
    participant: int, monkeypatch: pytest.MonkeyPatch, quiet_domains, no_claims
):
    taken, free, _ = quiet_domains
    monkeypatch.setattr(domain, "_DOMAINS", [taken, free])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
        somebody.bind(("", 7400 + 250 * taken + 10 + 2 * participant))
        assert claim_domain() == free


@pytest.mark.parametrize("most", [3, 9], ids=["as many as it may", "all there are"])
def test_a_process_that_has_had_several_begins_again_with_its_oldest(
    most: int, monkeypatch: pytest.MonkeyPatch, quiet_domains, no_claims
):
    monkeypatch.setattr(domain, "_DOMAINS", quiet_domains if most == 9 else ALL)
    monkeypatch.setattr(domain, "_MOST", most)
    first = [claim_domain() for _ in range(3)]
    assert len(set(first)) == 3
    assert [claim_domain() for _ in range(4)] == [*first, first[0]]


def test_when_others_have_all_of_them_it_says_so(
    monkeypatch: pytest.MonkeyPatch, another_process, no_claims
):
    _, theirs = another_process(1)
    monkeypatch.setattr(domain, "_DOMAINS", list(theirs))
    with pytest.raises(RuntimeError, match="every ROS domain of this machine is claimed"):
        claim_domain()


def test_our_graph_stays_on_this_machine_whatever_the_user_reaches_for(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    monkeypatch.setenv("ROS_LOCALHOST_ONLY", "1")
    monkeypatch.setenv("ROS_STATIC_PEERS", "192.168.1.7")
    monkeypatch.setenv("ROS_DISCOVERY_SERVER", "192.168.1.7:11811")
    environment = own_graph_environment()
    assert int(environment.pop("ROS_DOMAIN_ID")) in ALL
    assert environment == {
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_LOCALHOST_ONLY": "",
        "ROS_STATIC_PEERS": "",
        "ROS_DISCOVERY_SERVER": "",
    }


def test_humble_is_told_in_its_own_word(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROS_DISTRO", "humble")
    assert own_graph_environment()["ROS_LOCALHOST_ONLY"] == "1"


def test_the_tests_themselves_are_in_a_graph_of_their_own():
    assert int(os.environ["ROS_DOMAIN_ID"]) in ALL
    assert os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
