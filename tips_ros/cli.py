# SPDX-License-Identifier: Apache-2.0
"""The `tips_ros` command: one subcommand per module of `tips_ros.commands`."""

import argparse
import difflib
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from tips_ros import __version__
from tips_ros.advice import as_typed
from tips_ros.errors import UserError
from tips_ros.libraries import explain_missing
from tips_ros.progress import LogHandler, show_bars
from tips_ros.texts.printable import printable

COMMANDS = (
    *("infer", "bag", "bags", "find", "view"),
    *("eval", "calibrate", "finetune", "bench", "download", "export", "doctor", "demo"),
)


class Command(Protocol):
    """The interface of a module of `tips_ros.commands`."""

    HELP: str
    EXAMPLES: tuple[tuple[str, str], ...]  # arguments of `tips_ros`, and what they are for

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the subcommand's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Does the work and returns the exit code."""


def load_command(name: str) -> Command:
    """Imports the module of one subcommand."""
    return cast(Command, importlib.import_module(f"tips_ros.commands.{name}"))


def build_parser(
    names: Sequence[str] = COMMANDS, names_alone: bool = False
) -> argparse.ArgumentParser:
    """Returns the parser that knows the subcommands `names`.

    Args:
        names: of subcommands.
        names_alone: nothing else of them, which takes importing.
    """
    parser = argparse.ArgumentParser(
        prog=as_typed("tips_ros"),
        description=sys.modules["tips_ros"].__doc__,
        epilog=f"{as_typed('tips_ros COMMAND --help')} tells a command's options, with examples.",
    )
    parser.add_argument("--version", action="version", version=f"tips_ros {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Subparser)
    for name in names:
        if names_alone:
            subparsers.add_parser(name)
            continue
        try:
            command = load_command(name)
        except ImportError as error:
            if names == (name,) or (reason := explain_missing(error)) is None:
                raise
            subparsers.add_parser(name, help=reason)
            continue
        subparser = subparsers.add_parser(
            name,
            help=command.HELP,
            description=command.HELP,
            epilog=_examples(command.EXAMPLES),
            formatter_class=_HelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


class _Subparser(argparse.ArgumentParser):
    """Refuses what it does not know itself: the parser above would show its own usage."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def,override]
        """Parses like its parent class, but refuses what is left over."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            near = difflib.get_close_matches(unknown[0].partition("=")[0], self._options(), n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            self.error(f"unrecognized arguments: {' '.join(unknown)}{meant}")
        return found, unknown

    def _options(self) -> list[str]:
        return [name for action in self._actions for name in action.option_strings]


class _HelpFormatter(argparse.HelpFormatter):
    """Leaves the lines of the examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith(_EXAMPLES):
            return text
        return super()._fill_text(text, width, indent)


_EXAMPLES = "examples:"


def _examples(examples: Sequence[tuple[str, str]]) -> str:
    lines = [_EXAMPLES]
    for arguments, what in examples:
        lines += [f"  {what}:", f"    {as_typed(f'tips_ros {arguments}')}"]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv` (default: the process's own) and returns the exit code.

    0 is success, 2 an error of usage or input, told in one line; 130 an interruption.
    """
    argv = sys.argv[1:] if argv is None else argv
    # Only the module of the named command is imported, and none for a command that there is not:
    # another one's import may be slow.
    names = (argv[0],) if argv and argv[0] in COMMANDS else COMMANDS
    names_alone = names is COMMANDS and (not argv or argv[0][:1] != "-" or argv[0] == "--version")
    show_bars()
    logging.basicConfig(format="tips_ros: %(message)s", level=logging.INFO, handlers=[LogHandler()])
    try:
        args = build_parser(names, names_alone).parse_args(argv)
        return int(args.run(args))
    except UserError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            return _leave_pipe()
        print(f"tips_ros: {printable(str(error))}", file=sys.stderr)
        return 2
    except ImportError as error:
        if (reason := explain_missing(error)) is None:
            raise
        print(f"tips_ros: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _leave_pipe()


def _leave_pipe() -> int:
    """The reader of our output (`| head`) has gone, which is no error."""
    # Without this, Python would complain once more when it flushes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
