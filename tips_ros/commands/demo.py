# SPDX-License-Identifier: Apache-2.0
"""`tips_ros demo`: the node at work on a bag, without a robot and without weights."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from tips_ros.bags import BagError
from tips_ros.commands.arguments import add_model
from tips_ros.demo.frame_sheet import write_frame_sheet
from tips_ros.demo.result import lines
from tips_ros.demo.room import render_room_bag
from tips_ros.demo.session import DemoOptions, Observer, Progress, run_session
from tips_ros.errors import UserError

HELP = "show the node at work on a sample bag, or on your own: no robot and no weights needed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add("--bag", type=Path, help="bag to play (default: a drive through a rendered room)")
    add_model(parser)
    add("--output", metavar="DIR", type=Path, default=Path("out"), help="(default: %(default)s)")
    add("--rate", type=positive, default=1.0, help="bag seconds per second (default: %(default)s)")
    add("--image-topic", help="the camera's images, where the bag has several")


def run(args: argparse.Namespace) -> int:
    """Plays, records, draws and tells; 1 when the node answered nothing."""
    picture = args.output / "overview.png"
    try:
        options = DemoOptions(
            bag=args.bag or _sample_bag(args.output),
            recording=args.output / "demo.mcap",
            model=args.model,
            device=args.device,
            image_topic=args.image_topic,
            rate=args.rate,
        )
        with _terminable(), _ProgressBar() as bar:
            result = run_session(options, bar)
        drawn = write_frame_sheet(result, picture)
    except (BagError, OSError) as error:
        raise UserError(str(error)) from error
    for line in lines(result):
        print(line)
    megabytes = result.recording.stat().st_size / 1e6
    print(f"\n  {result.recording}  {megabytes:.0f} MB; ros2 bag play {result.recording}")
    print(f"  {picture}" if drawn else "  no picture: nothing was answered")
    return 0 if result.report.published else 1


def positive(text: str) -> float:
    """Argument type: a number above 0."""
    number = float(text)
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return number


class _ProgressBar(Observer):
    """Shows a session on a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def graph(self, environment: dict[str, str]) -> None:
        if environment and shutil.which("ros2"):
            variables = " ".join(f"{name}={value}" for name, value in environment.items())
            print(f"to watch: {variables} ros2 topic list", file=sys.stderr)

    def frames(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(total=progress.total, unit="frame", desc="playing", disable=None)
        self._bar.set_postfix_str(f"{progress.answered} answered", refresh=False)
        self._bar.update(progress.played - self._bar.n)

    def __enter__(self) -> _ProgressBar:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _sample_bag(output: Path) -> Path:
    """The rendered room; made once, because that takes a while."""
    path = output / "sample_room"
    if not path.exists():  # what is there is complete: the bag gets its name at the end
        print(f"rendering the sample bag {path}, once", file=sys.stderr)
        with tqdm(unit="frame", desc="rendering", disable=None) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            render_room_bag(path, progress=show)
    return path


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM counts as Ctrl-C, so that the node is ended with us.

    Ctrl-C counts too where a script put us into the background: shells ignore it there.
    """
    both = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, signal.default_int_handler) for number in both}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
