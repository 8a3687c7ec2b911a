# SPDX-License-Identifier: Apache-2.0
"""The `tips_ros` command: exit codes, one-line errors, and modules imported when needed."""

import argparse
import logging
import types

import pytest

import tips_ros
from tips_ros import cli
from tips_ros.errors import UserError

OUTCOMES = {
    "fine": 0,
    "wrong": UserError("no such bag: give a folder"),
    "stopped": KeyboardInterrupt(),
}


def command_that(outcome) -> types.SimpleNamespace:
    """Returns a command whose run() returns `outcome`, or raises it when it is an exception."""

    def run(args: argparse.Namespace) -> int:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--size", type=int, default=1)

    return types.SimpleNamespace(
        HELP="does something", EXAMPLES=(), add_arguments=add_arguments, run=run
    )


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces the commands by three that only return; gives the names that get imported."""
    names: list[str] = []

    def load(name: str) -> types.SimpleNamespace:
        names.append(name)
        return command_that(OUTCOMES[name])

    monkeypatch.setattr(cli, "COMMANDS", tuple(OUTCOMES))
    monkeypatch.setattr(cli, "load_command", load)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    return names


def test_a_command_that_succeeds_exits_with_0(loaded: list[str]):
    assert cli.main(["fine", "--size", "3"]) == 0


def test_an_error_of_the_user_is_one_line_and_exits_with_2(loaded: list[str], capsys):
    assert cli.main(["wrong"]) == 2
    assert capsys.readouterr().err == "tips_ros: no such bag: give a folder\n"


def test_an_interruption_is_no_traceback(loaded: list[str]):
    assert cli.main(["stopped"]) == 130


def test_only_the_module_of_the_command_is_imported(loaded: list[str]):
    cli.main(["fine"])
    assert loaded == ["fine"]


def test_help_lists_every_command(loaded: list[str], capsys):
    with pytest.raises(SystemExit) as exit_info:
        cli.main(["--help"])
    assert exit_info.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in tuple(OUTCOMES))
    assert loaded == list(OUTCOMES)


def test_an_unknown_command_names_the_known_ones(loaded: list[str], capsys):
    with pytest.raises(SystemExit) as exit_info:
        cli.main(["fien"])
    assert exit_info.value.code == 2
    assert "fine" in capsys.readouterr().err
    assert not loaded, "which takes seconds"


def test_the_version_is_the_package_s(loaded: list[str], capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"tips_ros {tips_ros.__version__}\n"
    assert not loaded


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_offers_what_the_command_line_needs(name: str):
    command = cli.load_command(name)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.HELP and callable(command.run)
