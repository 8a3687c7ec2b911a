# SPDX-License-Identifier: Apache-2.0
"""`tips_ros download NAME`: the official files of a model, fetched, checked and recorded."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tips_ros.advice import as_typed
from tips_ros.catalogue import (
    BASE_URL,
    FORMATS,
    MODELS,
    ROLES,
    ModelFiles,
    RemoteFile,
    Role,
    model_files,
    readable_size,
)
from tips_ros.downloads.checksum_file import CHECKSUMS
from tips_ros.downloads.connection import Connection
from tips_ros.downloads.errors import DownloadError
from tips_ros.downloads.model_download import ModelDownload, Present
from tips_ros.downloads.progress import Bar
from tips_ros.downloads.verification import FileState, verify
from tips_ros.errors import UserError, explain
from tips_ros.progress import say
from tips_ros.resources import models_home

HELP = "fetch the official files of a model; goes on where it was interrupted"

EXAMPLES = (
    ("download --list", "which models there are, and how large"),
    ("download tipsv2-b14", "one of them; the same again goes on where it was interrupted"),
    ("download tipsv2-b14 --check", "whether what is here is whole, without the network"),
)

HUB_NOTE = (
    "Hugging Face models (google/tipsv2-b14-dpt, …) are read from the Hub's local cache or from a "
    "directory; this command fetches Google's storage files, which hold the same weights."
)

_MISSING = (FileState.ABSENT, FileState.LOST)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add(
        "name",
        metavar="NAME",
        nargs="?",
        help=f"one of {', '.join(MODELS)}; --list alone goes without",
    )
    add(
        "--to",
        metavar="DIR",
        type=Path,
        help="where the files go (default: where --model looks, NAME below TIPS_ROS_MODELS or "
        "~/.cache/tips_ros/models)",
    )
    add(
        "--mirror",
        metavar="URL",
        default=BASE_URL,
        help="take them from here instead (default: %(default)s)",
    )
    add(
        "--format",
        choices=FORMATS,
        default="pytorch",
        help="of the image and text encoders' files (default: %(default)s)",
    )
    add("--only", metavar="A,B", help=f"some of the files, of {', '.join(ROLES)} (default: all)")
    instead = parser.add_mutually_exclusive_group().add_argument
    instead("--list", action="store_true", help="show the models, or NAME's files, with sizes")
    instead(
        "--check",
        action="store_true",
        help="compare the files here with their hashes; 2 where one is missing or other",
    )


def run(args: argparse.Namespace) -> int:
    """Downloads, lists or checks."""
    try:
        if args.name is None:
            if not args.list:
                raise UserError(f"name a model: {', '.join(MODELS)} (--list shows their sizes)")
            _list_models()
            return 0
        model = model_files(args.name)
        files = model.files(args.format, _roles(args.only, model))
        if args.list:
            _list_files(files, args.mirror)
            return 0
        directory = args.to or _default_directory(model, args.format)
        if args.check:
            _check(model, files, directory)
        else:
            _download(args, model, files, directory)
    except (ValueError, OSError) as error:
        raise UserError(explain(error)) from error
    return 0


def _download(
    args: argparse.Namespace, model: ModelFiles, files: Sequence[RemoteFile], directory: Path
) -> None:
    connection = Connection(args.mirror)
    print(f"{model.name}: {len(files)} files, about {_total(files)} → {directory}")
    download = ModelDownload(directory, connection, progress=Bar(), told=_tell)
    try:
        download.run(files)
    except KeyboardInterrupt:
        print(
            f"tips_ros: interrupted; what has arrived is kept in {directory}, and the same "
            "command goes on from there",
            file=sys.stderr,
        )
        raise
    is_found_by_name = args.to is None and args.format == "pytorch"
    print(f"Hashes are in {directory / CHECKSUMS}.")
    print(f"Use it with --model {model.name if is_found_by_name else directory}")


def _tell(present: Present) -> None:
    what = "fetched" if present.fetched else "was here"
    say(
        f"  {present.file.name:<52} {readable_size(present.size):>9}  {what:<8}  "
        f"sha256 {present.sha256[:12]}…"
    )


def _check(model: ModelFiles, files: Sequence[RemoteFile], directory: Path) -> None:
    if not directory.is_dir():
        raise UserError(f"{directory}: not here; get it with: {_line(model)}")
    reports = verify(directory, files, Bar("checking"))
    print(directory)
    for report in reports:
        sha256 = f"sha256 {report.sha256}  " if report.sha256 else ""
        print(f"  {report.file.name:<52} {sha256}{report.note}")
    missing = [report.file.name for report in reports if report.verdict in _MISSING]
    wrong = [report.file.name for report in reports if report.verdict is FileState.BAD]
    told = []
    if missing:
        told.append(f"{', '.join(missing)}: missing (--only names those that you want)")
    if wrong:
        told.append(f"{', '.join(wrong)}: not as recorded; move what is there away")
    if told:
        raise DownloadError(f"{directory}: {'; '.join(told)}; then give: {_line(model)}")


def _line(model: ModelFiles) -> str:
    return as_typed(f"tips_ros download {model.name}")


def _list_models() -> None:
    print(f"{'NAME':<18} {'all files':>9}  files")
    for name, model in MODELS.items():
        sizes = (f"{file.role} {readable_size(file.size)}" for file in model.pytorch)
        print(f"{name:<18} {_total(model.pytorch):>9}  {', '.join(sizes)}")
    print(HUB_NOTE)


def _list_files(files: Sequence[RemoteFile], mirror: str) -> None:
    connection = Connection(mirror)
    for file in files:
        print(f"{file.role:<12} {readable_size(file.size):>7}  {connection.url(file.path)}")
    print(f"{'all':<12} {_total(files):>7}")


def _roles(text: str | None, model: ModelFiles) -> list[Role] | None:
    if text is None:
        return None
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    roles = [role for role in model.roles if role in wanted]
    if not wanted or (unknown := [name for name in wanted if name not in model.roles]):
        what = ", ".join(unknown) if wanted else "(nothing)"
        raise UserError(
            f"--only {text}: {model.name} has no file {what}; it has {', '.join(model.roles)}"
        )
    return roles


def _default_directory(model: ModelFiles, layout: str) -> Path:
    # v1 has the same file names in both formats, so each has its own directory.
    return models_home() / (model.name if layout == "pytorch" else f"{model.name}-{layout}")


def _total(files: Sequence[RemoteFile]) -> str:
    return readable_size(sum(file.size for file in files))
