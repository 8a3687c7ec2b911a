# SPDX-License-Identifier: Apache-2.0
"""`tips_ros demo`: the node at work on a bag, without a robot and without weights."""

from __future__ import annotations

import argparse
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tips_ros.bags import BagError
from tips_ros.commands.interruption import terminable
from tips_ros.commands.options.common import add_camera_topics, add_model
from tips_ros.commands.options.output_checks import check_folder
from tips_ros.demo.live_view import LiveView
from tips_ros.demo.recorded_answers import ANSWERS
from tips_ros.demo.thinned_recording import MOST_BYTES
from tips_ros.errors import UserError, explain
from tips_ros.libraries import explain_missing, is_here
from tips_ros.progress import WorkProgress
from tips_ros.resources import sample_bag, sample_truth

if TYPE_CHECKING:
    from tips_ros.demo.result import DemoResult

HELP = "show the node at work on a sample bag, or on your own: no robot and no weights needed"


EXAMPLES = (
    ("demo", "the sample bag, with the truth about it"),
    ("demo --bag my_bag --model tipsv2-b14 --output out/mine", "a bag of your own"),
    ("demo --view", "the same, in a browser while it works"),
    ("demo --rate 0.25 --all", "slowly, so that each frame is answered, and all of it is kept"),
)

DEFAULT_OUTPUT = Path("out")
_RECORDING, _PICTURE, _CLIP = RESULTS = "demo.mcap", "overview.png", "demo.webp"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add(
        "--bag",
        metavar="BAG",
        type=Path,
        help="bag to play (default: the sample bag that comes along)",
    )
    add(
        "--truth",
        metavar="BAG",
        type=Path,
        help="bag with the truth about its images (default: what the bag itself has)",
    )
    add_model(parser)
    add(
        "--output",
        metavar="DIR",
        type=Path,
        help=f"folder of {', '.join(RESULTS)} (default: {DEFAULT_OUTPUT}, where an earlier "
        "demo's are replaced)",
    )
    add(
        "--all",
        action="store_true",
        help="keep every message of every output, 16 MB a frame of 640x480; without it large ones "
        f"are of every n-th frame, so that {_RECORDING} has at most {MOST_BYTES // 10**6} MB or so",
    )
    add("--overwrite", action="store_true", help="replace earlier results in --output")
    add(
        "--view",
        action="store_true",
        help="show the node in a browser while it works, and what it did until Ctrl-C, as "
        "`view` does; the node then computes every output",
    )
    add(
        "--rate",
        type=positive,
        metavar="X",
        default=1.0,
        help="bag seconds per second (default: %(default)s)",
    )
    add_camera_topics(add)


def run(args: argparse.Namespace) -> int:
    """Plays, records, measures, draws and tells; 1 when the node answered nothing."""
    if not args.view:
        return _run(args, None)
    if not is_here("rerun"):
        raise ModuleNotFoundError("No module named 'rerun'", name="rerun")
    with LiveView() as view:
        status = _run(args, view)
        print("  it is still shown in the browser; Ctrl-C ends that", flush=True)
        view.wait()
    return status


def _run(args: argparse.Namespace, view: LiveView | None) -> int:
    # They need ROS, which the help does not.
    from tips_ros.demo import accuracy
    from tips_ros.demo.result import lines
    from tips_ros.demo.screen import Screen
    from tips_ros.demo.session import DemoOptions, run_session

    output = args.output or DEFAULT_OUTPUT
    picture = output / _PICTURE
    _check_output(args, output)
    _check_model(args)
    try:
        bag = args.bag or sample_bag()
        truth = accuracy.truth_about(bag, args.truth or (None if args.bag else sample_truth()))
        options = DemoOptions(
            bag=bag,
            recording=output / _RECORDING,
            model=args.model,
            device=args.device,
            image_topic=args.image_topic,
            camera_info_topic=args.camera_info_topic,
            rate=args.rate,
        )
        with terminable(), Screen(view) as screen:
            result = run_session(options, screen)
        no_picture = _draw(result, picture)
        measured = [] if truth is None else list(_accuracy(result.recording, truth))
        no_clip = _film(result, output / _CLIP)
        kept = "" if args.all else _thin(result)
    except (BagError, OSError) as error:
        raise UserError(explain(error)) from error
    for line in lines(result):
        print(line)
    if measured:
        print("\n" + "\n".join(measured))
    megabytes = result.recording.stat().st_size / 1e6
    player = f"; ros2 bag play {shlex.quote(str(result.recording))}" if shutil.which("ros2") else ""
    print(f"\n  {result.recording}  {megabytes:.0f} MB{kept}{player}")
    print(f"  no picture: {no_picture}" if no_picture else f"  {picture}")
    print(f"  no clip: {no_clip}" if no_clip else f"  {output / _CLIP}  for a browser")
    return 0 if result.report.published else 1


def _check_output(args: argparse.Namespace, output: Path) -> None:
    """UserError unless the results may come there; only an earlier demo's own go without asking."""
    inputs = [path for path in (args.bag, args.truth) if path is not None]
    if output.is_dir() and any(path.resolve() == output.resolve() for path in inputs):
        raise UserError(f"{output} is the bag that is read; choose another --output")
    own = args.output is None and (output / _RECORDING).is_file()
    check_folder(output, RESULTS, overwrite=args.overwrite or own, inputs=inputs)


def _check_model(args: argparse.Namespace) -> None:
    """UserError where the node would find no such model or device, some seconds later."""
    from tips_ros.perception.loading.load import choose_device, find_model

    try:
        find_model(args.model)
        choose_device(args.device)
    except ValueError as error:
        raise UserError(str(error)) from error


def _draw(result: DemoResult, picture: Path) -> str:
    """Nothing, or why there is no picture."""
    try:
        from tips_ros.demo.frame_sheet import write_frame_sheet
    except ImportError as error:
        return explain_missing(error) or str(error)
    if write_frame_sheet(result, picture):
        return ""
    if result.report.published:
        return "the images share their stamps, so that nothing says which answer is whose"
    return "nothing was answered"


def _film(result: DemoResult, clip: Path) -> str:
    """Nothing, or why there is no clip; one of an earlier demo is no clip of this one."""
    clip.unlink(missing_ok=True)
    try:
        from tips_ros.demo.clip import write_clip
    except ImportError as error:
        return explain_missing(error) or str(error)
    with WorkProgress("drawing the clip", delay_s=1.0):
        written = write_clip(result.recording, result.live_image_topic, clip)
    return "" if written else "fewer than two images have depth and classes"


def _thin(result: DemoResult) -> str:
    """Makes the recording small; says what of it is not kept."""
    from tips_ros.demo.thinned_recording import thin_recording

    outputs = [f"{ANSWERS}/{output.name}" for output in result.outputs]
    framed = [*outputs, result.live_image_topic]
    with WorkProgress("packing the recording", delay_s=1.0):
        thinning = thin_recording(result.recording, framed, result.sheet_stamp_ns)
    if thinning.every == 1:
        return ""
    names = ", ".join(name.removeprefix(f"{ANSWERS}/") for name in thinning.topics)
    return f", {names} of every {_ordinal(thinning.every)} frame only (--all keeps all)"


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{endings.get(number % 10, 'th') if number % 100 // 10 != 1 else 'th'}"


def positive(text: str) -> float:
    """Argument type: a number above 0."""
    number = float(text)
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return number


def _accuracy(recording: Path, truth: Path) -> Iterator[str]:
    """The lines about it; what can't be measured is said, and the rest of the result stands."""
    from tips_ros.demo import accuracy

    try:
        yield from accuracy.lines(accuracy.measure(recording, truth))
    except (ValueError, OSError) as error:  # a BagError, too
        yield f"  no accuracy: {error}"
