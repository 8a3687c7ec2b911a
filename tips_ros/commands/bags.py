# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bags IN… OUT`: many bags, each as by `tips_ros bag`; goes on where it was."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from tips_ros.bags import BagError
from tips_ros.bags.place import remove_leftovers
from tips_ros.commands.interruption import terminable
from tips_ros.commands.options.common import count
from tips_ros.commands.options.output_checks import check_writable
from tips_ros.errors import UserError, explain
from tips_ros.offline.fleet.bag_process import Job, Outcome
from tips_ros.offline.fleet.manifest import NAME, Manifest, hold
from tips_ros.offline.fleet.ray_workers import RayWorkers
from tips_ros.offline.fleet.search import find_bags
from tips_ros.offline.fleet.workers import Workers
from tips_ros.progress import WorkProgress, say

HELP = "annotate many bags: folders and patterns, several at a time, going on where it was"
EXAMPLES = (
    ("bags recordings annotated", "all bags below a folder"),
    (
        "bags 'day*/front_*' annotated --workers 2 --options='--topics depth/image --pack'",
        "those of a pattern, two at a time, with options of `bag`",
    ),
    ("bags recordings annotated --ray 10.0.0.5:6379", "on the machines of a Ray cluster"),
    ("bags recordings annotated --again", "all of them once more, those that are done too"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add("inputs", metavar="IN", nargs="+", help="bags, folders of bags, patterns in quotes")
    add(
        "output",
        metavar="OUT",
        type=Path,
        help=f"folder of the results, each under its bag's own name, and of {NAME}",
    )
    add(
        "--workers",
        type=count,
        default=1,
        metavar="N",
        help="bags at a time, with --ray on each machine; they share its cores, and the GPU "
        "(default: %(default)s)",
    )
    add(
        "--ray",
        metavar="ADDRESS",
        help="let the machines of a Ray cluster work, which all see IN and OUT: HOST:PORT of its "
        "head, auto for the one that this machine is in, or local (default: this machine alone)",
    )
    add(
        "--options",
        default="",
        metavar="'…'",
        help="options of `bag`, for every bag (default: none)",
    )
    add("--again", action="store_true", help="do again what is done, too")


def run(args: argparse.Namespace) -> int:
    """Processes the bags that are not done yet; 1 when one failed."""
    check_writable(args.output)
    with hold(args.output):
        return _process(args)


def _process(args: argparse.Namespace) -> int:
    try:
        options = _check_options(args.options)
        found = find_bags(args.inputs, args.output)
        manifest = Manifest(args.output)
        jobs = [Job(str(bag.name), bag.path, args.output / bag.name) for bag in found]
        remove_leftovers(job.result for job in jobs)
        left = [
            job
            for job in jobs
            if args.again or not manifest.is_done(job.name, job.source, job.result, options)
        ]
    except (BagError, OSError) as error:
        raise UserError(explain(error)) from error
    done = len(jobs) - len(left)
    if done:
        say(f"{done} of {len(jobs)} bags are done already")
    failed = 0
    with terminable(), WorkProgress("annotating", len(jobs), "bag") as progress:
        progress.update(done)
        with _workers(args, options, progress) as workers:
            for outcome in workers.process(left):
                reason = outcome.error or _note(manifest, outcome, options)
                failed += bool(reason)
                said = f"failed: {reason}" if reason else f"{outcome.seconds:.0f} s"
                say(f"{outcome.job.name}: {said}")
                progress.update()
    say(f"{len(jobs) - failed} of {len(jobs)} bags are done; {manifest.file}")
    return 1 if failed else 0


def _workers(
    args: argparse.Namespace, options: list[str], progress: WorkProgress
) -> Workers | RayWorkers:
    if args.ray is None:
        return Workers(options, args.workers, progress.note)
    return RayWorkers(args.ray, options, args.workers, args.output, progress.note)


def _note(manifest: Manifest, outcome: Outcome, options: list[str]) -> str:
    """Nothing, or why a bag that was processed does not count as done."""
    try:
        manifest.note(*outcome.job, options, outcome.seconds)
    except (BagError, OSError) as error:
        return explain(error)
    return ""


def _check_options(text: str) -> list[str]:
    """The options as a list, once `tips_ros bag` takes them.

    Raises:
        UserError: it does not; or they are ours to give.
    """
    from tips_ros.cli import build_parser

    try:
        options = shlex.split(text)
    except ValueError as error:
        raise UserError(f"--options {text}: {error}; close what is quoted") from error
    if "--overwrite" in options:
        raise UserError("--options --overwrite: results are replaced when they are not done; go on")
    build_parser(("bag",)).parse_args(["bag", os.devnull, os.devnull, *options])
    return options
