# SPDX-License-Identifier: Apache-2.0
"""`--help` of every subcommand: each option with meaning and default, and examples that parse."""

from __future__ import annotations

import argparse
import shlex

import pytest

from tips_ros import cli

COMMANDS = pytest.mark.parametrize("name", cli.COMMANDS)


def subparser(name: str) -> argparse.ArgumentParser:
    parser = cli.build_parser([name])
    [subparsers] = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return subparsers.choices[name]


@COMMANDS
def test_each_option_says_what_it_means(name: str):
    for action in subparser(name)._actions:
        assert action.help and len(action.help.split("(default")[0].strip()) > 8, action.dest


@COMMANDS
def test_each_option_with_a_value_says_its_default(name: str):
    for action in subparser(name)._actions:
        if action.option_strings and action.nargs != 0:
            assert "default:" in action.help, action.dest


@COMMANDS
def test_defaults_that_are_told_are_the_real_ones(name: str):
    """Those that are written as %(default)s follow by themselves; the others are compared."""
    parser = subparser(name)
    for action in parser._actions:
        default, told = action.default, (action.help or "").partition("default: ")[2]
        if type(default) in (int, float, str) and "%(default)s" not in told and told:
            shown = f"{default:g}" if isinstance(default, float) else str(default)
            assert told.startswith(shown), action.dest


@COMMANDS
def test_there_are_three_examples_and_each_parses(name: str, capsys: pytest.CaptureFixture[str]):
    examples = cli.load_command(name).EXAMPLES
    assert len(examples) >= 3
    for arguments, what in examples:
        typed = shlex.split(arguments)
        assert typed[0] == name and what
        cli.build_parser([name]).parse_args(typed)
    with pytest.raises(SystemExit):
        cli.main([name, "--help"])
    shown = capsys.readouterr().out
    assert all(f"    tips_ros {arguments}\n" in shown for arguments, _ in examples)


@COMMANDS
@pytest.mark.parametrize("mistake", [["--no-such-thing"], ["--no-such-thing", "7"], ["a", "-q"]])
def test_a_mistake_shows_the_usage_of_the_subcommand(
    name: str, mistake: list[str], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as exit_info:
        cli.main([name, *mistake])
    told = capsys.readouterr().err
    assert exit_info.value.code == 2
    assert told.startswith(f"usage: tips_ros {name} ") and f"tips_ros {name}: error: " in told


def test_an_option_that_is_misspelt_is_answered_with_the_one_that_was_meant(capsys):
    with pytest.raises(SystemExit):
        cli.main(["infer", "a.jpg", "--ouput", "x"])
    assert "unrecognized arguments: --ouput x (did you mean --output?)" in capsys.readouterr().err


def test_without_a_command_the_commands_are_named(capsys):
    with pytest.raises(SystemExit):
        cli.main([])
    assert "COMMAND" in capsys.readouterr().err
