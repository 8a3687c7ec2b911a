# SPDX-License-Identifier: Apache-2.0
"""The `tips_ros` command: one subcommand per module of `tips_ros.commands`."""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from tips_ros import __version__
from tips_ros.errors import UserError
from tips_ros.libraries import explain_missing

COMMANDS = ("infer", "bag", "eval", "bench", "download", "doctor", "demo")


class Command(Protocol):
    """What a module of `tips_ros.commands` offers."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the subcommand's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Does the work and returns the exit code."""


def load_command(name: str) -> Command:
    """Imports the module of one subcommand."""
    return cast(Command, importlib.import_module(f"tips_ros.commands.{name}"))


def build_parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Returns the parser that knows the subcommands `names`."""
    parser = argparse.ArgumentParser(prog="tips_ros", description=sys.modules["tips_ros"].__doc__)
    parser.add_argument("--version", action="version", version=f"tips_ros {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in names:
        try:
            command = load_command(name)
        except ImportError as error:
            if names == (name,) or (reason := explain_missing(error)) is None:
                raise
            subparsers.add_parser(name, help=reason)
            continue
        subparser = subparsers.add_parser(name, help=command.HELP, description=command.HELP)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv` (default: the process's own) and returns the exit code.

    0 is success, 2 an error of usage or input, told in one line; 130 an interruption.
    """
    argv = sys.argv[1:] if argv is None else argv
    # Only the module of the named command is imported: another one's import may be slow.
    names = (argv[0],) if argv and argv[0] in COMMANDS else COMMANDS
    logging.basicConfig(format="tips_ros: %(message)s", level=logging.INFO)
    try:
        args = build_parser(names).parse_args(argv)
        return int(args.run(args))
    except UserError as error:
        print(f"tips_ros: {error}", file=sys.stderr)
        return 2
    except ImportError as error:
        if (reason := explain_missing(error)) is None:
            raise
        print(f"tips_ros: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone. Without this, Python would complain
        # once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
