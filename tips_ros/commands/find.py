# SPDX-License-Identifier: Apache-2.0
"""`tips_ros find MEMORY "red cup"`: asks a memory of things where something was seen."""

from __future__ import annotations

import argparse
from pathlib import Path

from tips_ros.commands.options.common import count
from tips_ros.commands.options.output_checks import check_file, write_error
from tips_ros.commands.options.prompts import share
from tips_ros.errors import UserError, explain
from tips_ros.libraries import explain_missing
from tips_ros.perception.images.drawn_picture import encode_drawn
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.perception.memory.identity import identity_of
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.memory_file import check_model, load
from tips_ros.perception.memory.question import Answer, answers, question_of, suggest_names
from tips_ros.perception.memory.selection import Selection, select
from tips_ros.whole_file import write_atomically

HELP = "ask a memory of things, in words, where something was seen"
EXAMPLES = (
    ('find room.npz "red cup"', "where the red cups are, of a memory that `bag --memory` wrote"),
    ('find room.npz "seat: chair | sofa" --near 2 1 0 --radius 1.5', "what stands near a point"),
    ('find room.npz lamp --picture room.png', "a picture of the room from above, too"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add("memory", metavar="MEMORY", type=Path, help="file that `bag --memory` or the node wrote")
    add("text", metavar="TEXT", help="`name`, or `name: synonym | synonym`")
    add("--model", metavar="MODEL", help="that made the memory (default: the name that is in it)")
    add(
        "--max",
        type=count,
        default=10,
        metavar="N",
        help="the most answers (default: %(default)s)",
    )
    add(
        "--min-score",
        type=share,
        default=0.0,
        metavar="X",
        help="least score, 0 to 1; 0 is what the words fit better than all else that is known "
        "(default: %(default)s)",
    )
    add(
        "--seconds",
        type=float,
        metavar="S",
        help="what was not seen in the last S seconds is left out (default: any time)",
    )
    add(
        "--near",
        type=float,
        nargs=3,
        metavar=("X", "Y", "Z"),
        help="only near this point (default: anywhere)",
    )
    add(
        "--radius",
        type=float,
        default=1.0,
        metavar="M",
        help="how near that is (default: %(default)s m)",
    )
    add(
        "--picture",
        type=Path,
        metavar="PNG",
        help="draw the room from above with the answers (default: none)",
    )
    add("--overwrite", action="store_true", help="replace the picture if it is there")


def run(args: argparse.Namespace) -> int:
    """Prints the answers; 1 where there are none."""
    if args.picture is not None:
        check_file(args.picture, "--picture", overwrite=args.overwrite, inputs=[args.memory])
    try:
        memory, found, misspelt = _ask(args)
    except (ValueError, OSError) as error:
        raise UserError(explain(error)) from error
    print(
        f"{len(found)} of {len(memory.things)} things answer to {args.text!r}, "
        f"in {memory.frame_id or 'no frame'}, metres"
    )
    for word, name in misspelt.items():
        print(f"  nothing is called {word!r}; did you mean {name!r}?")
    for rank, one in enumerate(found, 1):
        print(f"{rank:3}  {_line(one, memory)}")
    if args.picture is not None:
        _draw(args, memory, found)
    return 0 if found else 1


def _ask(args: argparse.Namespace) -> tuple[Memory, list[Answer], dict[str, str]]:
    """The memory, its answers, and which words may be misspelt."""
    stored = load(args.memory)
    memory, model = stored.memory, args.model or stored.identity.name
    predictor = load_predictor(model, device="cpu", precision="fp32")
    check_model(args.memory, stored, identity_of(predictor.model, model))
    encoder = PromptEncoder(model, width=predictor.description.vit.width)
    called = {name for one in memory.things for name in one.names}
    own = predictor.description.classes
    question = question_of(args.text, encoder, own, called)
    since_ns = 0 if args.seconds is None else memory.newest_ns - round(args.seconds * 1e9)
    limits = Selection(args.max, args.min_score, since_ns)
    if args.near is not None:
        limits = limits._replace(near_m=tuple(args.near), radius_m=args.radius)
    misspelt = suggest_names(question, {*own.names, *called})
    return memory, select(answers(memory.things, question), limits), misspelt


def _line(answer: Answer, memory: Memory) -> str:
    one = answer.thing
    x, y, z = one.centre_m
    wide = " × ".join(f"{side:.2f}" for side in sorted(one.size_m, reverse=True))
    ago_s = (memory.newest_ns - one.last_seen_ns) / 1e9
    return (
        f"{answer.score:5.2f}  {one.name} {one.number:<4} at {x:6.2f} {y:6.2f} {z:6.2f}   "
        f"{wide}   seen {one.hits} times, last {ago_s:.1f} s before the end"
    )


def _draw(args: argparse.Namespace, memory: Memory, found: list[Answer]) -> None:
    try:
        from tips_ros.perception.overview.memory_picture import memory_picture
    except ImportError as error:
        raise UserError(f"--picture: {explain_missing(error) or error}") from error
    picture = memory_picture(memory, args.text, found)
    try:
        write_atomically(args.picture, encode_drawn(picture))
    except OSError as error:
        raise write_error(error, args.picture.parent) from error
    print(f"  {args.picture}")
