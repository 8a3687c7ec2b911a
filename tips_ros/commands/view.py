# SPDX-License-Identifier: Apache-2.0
"""`tips_ros view`: a bag, a memory or the node's live outputs in a browser, by rerun."""

from __future__ import annotations

import argparse
import time
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tips_ros.bags import BagError, BagReader
from tips_ros.commands.interruption import terminable
from tips_ros.commands.options.common import count
from tips_ros.commands.options.output_checks import check_file
from tips_ros.errors import UserError, explain
from tips_ros.perception.memory.memory_file import MemoryFileError, load
from tips_ros.progress import WorkProgress
from tips_ros.whole_file import stage_folder

if TYPE_CHECKING:
    from tips_ros.view.scene import Scene

HELP = "look at a bag, a memory of things or the live node in a browser, without RViz"
EXAMPLES = (
    ("view", "the node that runs, live; what you type are prompts for it"),
    ("view annotated", "a bag, such as `tips_ros bag` or `demo` wrote"),
    ("view room.npz", "a memory of things, such as `bag --memory` wrote"),
    ("view annotated --save annotated.rrd", "a file that `rerun` or its web viewer opens"),
    ("view --node /robot/tips --host 0.0.0.0", "of a robot, for browsers on other machines"),
)
_MEMORY_ENDING = ".npz"
_LOOK_UP_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add(
        "source",
        metavar="BAG|MEMORY",
        nargs="?",
        type=Path,
        help="bag, or memory of things (.npz); nothing is the node that runs. While that is shown, "
        "each line on standard input is prompts for ~/set_prompts, as `red cup, chair: sofa | "
        "seat`; an empty one gives the model's own classes back",
    )
    add(
        "--save",
        metavar="FILE.rrd",
        type=Path,
        help="write a file for rerun and serve nothing (default: none is written)",
    )
    add("--overwrite", action="store_true", help="replace that file if it is there")
    add(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where to listen (default: %(default)s, this machine alone; 0.0.0.0 lets everybody "
        "see it who reaches this machine)",
    )
    add(
        "--port",
        type=_port,
        default=9090,
        metavar="N",
        help="of that address, 0 for any that is free (default: %(default)s)",
    )
    add("--no-browser", action="store_true", help="open no browser, and say the address only")
    add(
        "--every",
        type=count,
        metavar="N",
        help="of a bag, show every n-th image and cloud (default: so that there are 300 of each)",
    )
    add(
        "--memory-limit",
        default="1GiB",
        metavar="SIZE",
        help="the most that is kept for browsers; what is oldest goes first (default: %(default)s)",
    )
    add(
        "--node",
        default="/tips",
        metavar="NAME",
        help="the live node's whole name (default: %(default)s)",
    )
    add(
        "--topics",
        metavar="A,B",
        help="of its outputs, those that are asked for: depth/image, scan, … (default: all that "
        "can be shown, which it then computes)",
    )


def run(args: argparse.Namespace) -> int:
    """Shows it until Ctrl-C, or writes the file."""
    source = args.source
    if source is None and args.save is not None:
        raise UserError("--save is of a bag or a memory; name one")
    if source is not None and not source.exists():
        raise UserError(f"{source}: there is no such bag or memory")
    if args.save is not None:
        check_file(args.save, "--save", overwrite=args.overwrite, inputs=[source])
    with terminable(), ExitStack() as stack:
        try:
            if args.save is not None:
                return _save(args)
            _show(args, stack)
        except (BagError, MemoryFileError, OSError) as error:
            raise UserError(explain(error)) from error
        except KeyboardInterrupt:
            return 0  # Ctrl-C is how it ends
    return 0


def _save(args: argparse.Namespace) -> int:
    import rerun as rr

    from tips_ros.view.scene import APPLICATION, Scene

    with stage_folder(args.save.parent) as stage:
        recording = rr.RecordingStream(APPLICATION)
        recording.save(stage / args.save.name)
        _draw(args, Scene(recording))
        recording.disconnect()
    print(args.save)
    return 0


def _show(args: argparse.Namespace, stack: ExitStack) -> None:
    import rerun as rr

    from tips_ros.view.scene import APPLICATION, Scene
    from tips_ros.view.viewer_process import ViewerProcess
    from tips_ros.view.web import WebServer

    if args.source is None:
        from tips_ros.view.live import LiveScene  # needs ROS
    viewer = stack.enter_context(ViewerProcess(args.memory_limit))
    web = stack.enter_context(WebServer(viewer, args.host, args.port))
    recording = rr.RecordingStream(APPLICATION)
    recording.connect_grpc(viewer.scenes_url)
    stack.callback(recording.disconnect)
    scene = Scene(recording)
    live = None
    if args.source is None:
        topics = None if args.topics is None else args.topics.split(",")
        live = LiveScene(scene, args.node, topics, stack)
        live.read_prompts()
    else:
        _draw(args, scene)
    print(f"{web.url}  shows it; Ctrl-C ends", flush=True)
    if not args.no_browser:
        webbrowser.open(web.url)
    while not viewer.ended:
        if live is not None:
            live.look()
        time.sleep(_LOOK_UP_S)
    raise UserError(f"rerun's viewer ended: {viewer.last_words()}")


def _draw(args: argparse.Namespace, scene: Scene) -> None:
    """Draws a bag or a memory whole, and lays it out."""
    from tips_ros.view.layout import layout

    if args.source.suffix == _MEMORY_ENDING:
        from tips_ros.view.remembered import draw_memory

        draw_memory(scene, load(args.source).memory)
    else:
        from tips_ros.view.recorded import draw_bag
        from tips_ros.view.topics import TopicDrawer

        with BagReader(args.source) as reader:
            total = reader.message_count
            with WorkProgress("drawing", total, "message", delay_s=1.0) as progress:
                every = draw_bag(
                    reader, TopicDrawer(scene), every=args.every, progress=progress.update
                )
        if every > 1:
            print(f"one of {every} images and clouds is shown; --every 1 shows all")
    scene.recording.send_blueprint(layout(scene))
    scene.recording.flush()


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; they are from 0 to 65535")
    return number
