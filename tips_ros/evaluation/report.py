# SPDX-License-Identifier: Apache-2.0
"""The numbers of an evaluation, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tips_ros.evaluation.metrics.depth import DepthErrors
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.whole_file import write_atomically

_CLASSES_SHOWN = 20
_HIGHER, _LOWER = "higher is better", "lower is better"
_DEPTH_ROWS = {
    "abs_rel": ("AbsRel", "", _LOWER),
    "sq_rel_m": ("SqRel", "m", _LOWER),
    "rmse_m": ("RMSE", "m", _LOWER),
    "rmse_log": ("RMSE log", "", _LOWER),
    "log10": ("log10", "", _LOWER),
    "delta1": ("δ < 1.25", "", _HIGHER),
    "delta2": ("δ < 1.25²", "", _HIGHER),
    "delta3": ("δ < 1.25³", "", _HIGHER),
    "scale_invariant_log": ("scale-invariant log", "", _LOWER),
    "median_scaled_abs_rel": ("AbsRel, median-scaled", "", _LOWER),
}


def text_report(results: EvaluationResults, about: Sequence[str] = ()) -> str:
    """All that was measured, in lines of at most about 100 characters.

    Args:
        results: the numbers.
        about: lines for the top: which model, on which device.
    """
    lines = [f"{results.dataset}: {_count(results.frames, 'frame')}", *about]
    sections = (_depth, _deviation, _normals, _segmentation, _boundary, _flicker)
    measured = [line for section in sections for line in section(results)]
    if not measured:
        lines.append("nothing was measured: the model and the dataset have no output in common")
    return "\n".join([*lines, *measured]) + "\n"


def write_json(
    path: Path, results: EvaluationResults, about: Mapping[str, str | bool] | None = None
) -> None:
    """Writes `EvaluationResults.as_dict`, with what `about` says of the model first.

    Raises:
        OSError: the file cannot be written.
    """
    table = {**(about or {}), **results.as_dict()}
    text = json.dumps(table, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_atomically(path, text.encode())


def _depth(results: EvaluationResults) -> Iterator[str]:
    protocol = results.depth_protocol
    columns = {"as predicted": results.depth, "focal-corrected": results.depth_with_focal}
    measured = {title: depth for title, depth in columns.items() if depth is not None}
    if not measured:
        return
    rule = f"{protocol.min_m:g} to {protocol.max_m:g} m"
    if protocol.crop is not None:
        top, bottom, left, right, (height, width) = protocol.crop
        rule += f", rows {top}:{bottom} and columns {left}:{right} of {width}x{height}"
    first = next(iter(measured.values()))
    yield f"\nDepth, mean over {_of(first.images, first.pixels)}; {rule}"
    errors = [depth.errors for depth in measured.values()]
    yield from _align_columns([["", *measured, "", ""], *_depth_rows(errors)])
    if any(depth.images != first.images for depth in measured.values()):
        frames = _count(measured["focal-corrected"].images, "frame")
        yield f"  focal-corrected: over the {frames} whose camera is known"


def _depth_rows(errors: Sequence[DepthErrors]) -> Iterator[list[str]]:
    for field, (title, unit, better) in _DEPTH_ROWS.items():
        yield [title, *(f"{getattr(e, field):.4f}" for e in errors), unit, better]


def _deviation(results: EvaluationResults) -> Iterator[str]:
    said = results.deviation
    if said is None:
        return
    fitted = "" if said.calibrated else "; UNCALIBRATED: it was never fitted to this model"
    yield f"\nDepth's deviation, over {_of(said.images, said.pixels)}{fitted}"
    chance = f"of chance, {_LOWER}"
    yield from _align_columns(
        [
            ["within 1 sigma", f"{said.within_1_sigma:.2%}", "of px, 68 % if normal"],
            ["within 2 sigma", f"{said.within_2_sigma:.2%}", "of px, 95 % if normal"],
            ["sparsification error, AbsRel", f"{said.ause_abs_rel:.4f}", chance],
            ["sparsification error, RMSE", f"{said.ause_rmse:.4f}", chance],
            ["neg. log-likelihood", f"{said.negative_log_likelihood:.4f}", f"nats, {_LOWER}"],
            ["median sigma / depth", f"{said.median_relative:.4f}", ""],
        ]
    )


def _normals(results: EvaluationResults) -> Iterator[str]:
    normals = results.normals
    if normals is None:
        return
    yield f"\nNormals, angle to the truth over {_of(normals.images, normals.pixels)}"
    rows = [
        ["mean", f"{normals.mean_deg:.2f}", "deg", _LOWER],
        ["median", f"{normals.median_deg:.2f}", "deg", _LOWER],
        ["RMSE", f"{normals.rmse_deg:.2f}", "deg", _LOWER],
        ["below 5 deg", f"{normals.within_5_deg:.2%}", "of px", _HIGHER],
        ["below 11.25 deg", f"{normals.within_11_25_deg:.2%}", "of px", _HIGHER],
        ["below 22.5 deg", f"{normals.within_22_5_deg:.2%}", "of px", _HIGHER],
        ["below 30 deg", f"{normals.within_30_deg:.2%}", "of px", _HIGHER],
    ]
    yield from _align_columns(rows)


def _segmentation(results: EvaluationResults) -> Iterator[str]:
    classes = results.segmentation
    if classes is None:
        return
    present = len(classes.iou_of_class)
    yield f"\nClasses, {_of(classes.images, classes.pixels)}, {present} classes in the truth"
    rows = [
        ["mean IoU", f"{classes.mean_iou:.2%}", "", _HIGHER],
        ["pixel accuracy", f"{classes.pixel_accuracy:.2%}", "of px", _HIGHER],
        ["mean accuracy", f"{classes.mean_accuracy:.2%}", "of px, mean over classes", _HIGHER],
    ]
    yield from _align_columns(rows)
    largest = sorted(classes.pixels_of_class.items(), key=lambda item: -item[1])
    table = [["class", "IoU", "share of px"]]
    for class_id, pixels in largest[:_CLASSES_SHOWN]:
        iou, share = classes.iou_of_class[class_id], pixels / classes.pixels
        table.append([results.name_of(class_id), f"{iou:.2%}", f"{share:.2%}"])
    yield from _align_columns(table)
    if present > _CLASSES_SHOWN:
        yield f"  and {present - _CLASSES_SHOWN} smaller ones"
    if results.class_match is not None:
        absent = [
            name
            for class_id, name in results.class_names.items()
            if class_id in classes.iou_of_class and name in results.class_match.unknown_to_model
        ]
        if absent:
            yield f"  no class of the model has these names, so they are 0: {_list_names(absent)}"


def _boundary(results: EvaluationResults) -> Iterator[str]:
    borders = results.boundary
    if borders is None:
        return
    frames = _count(borders.images, "frame")
    yield f"\nBorders of classes to within {borders.tolerance_px:g} px, mean over {frames}"
    rows = [
        ["F score", f"{borders.f:.4f}", _HIGHER],
        ["precision", f"{borders.precision:.4f}", _HIGHER],
        ["recall", f"{borders.recall:.4f}", _HIGHER],
    ]
    yield from _align_columns(rows)


def _flicker(results: EvaluationResults) -> Iterator[str]:
    flicker = results.flicker
    if flicker is None:
        return
    apart = "" if flicker.interval_s is None else f", {flicker.interval_s:.3g} s apart"
    pairs = _count(flicker.pairs, "pair")
    flowed = f", {flicker.by_flow} of them by optical flow" if flicker.by_flow else ""
    yield f"\nFlicker, the camera's motion taken off, {pairs} of frames{apart}{flowed}"
    rows = []
    if flicker.depth_log is not None:
        rows.append(["depth", f"{flicker.depth_log:.4f}", "mean |change of ln|", _LOWER])
    if flicker.labels_changed is not None:
        rows.append(["classes", f"{flicker.labels_changed:.2%}", "of px change", _LOWER])
    yield from _align_columns(rows)
    stretches = {"standing": flicker.standing, "moving": flicker.moving}
    table = [["", "pairs", "depth", "classes", "scale, std", "scale, p95"]]
    for name, of in stretches.items():
        if of is not None:
            numbers = (of.depth_log, of.labels_changed, of.scale_std, of.scale_p95)
            told = ("" if number is None else f"{number:.4f}" for number in numbers)
            table.append([f"camera {name}", str(of.pairs), *told])
    yield from _align_columns(table)


def _align_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns under one another: words to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numeric = [any(cell[:1].isdigit() for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, [False, *numeric[1:]], strict=True)
        )
        yield "  " + "  ".join(cells).rstrip()


def _of(images: int, pixels: int) -> str:
    return f"{_count(images, 'frame')}, {pixels:,} px"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _list_names(names: Sequence[str]) -> str:
    more = len(names) - _CLASSES_SHOWN
    shown = ", ".join(names[:_CLASSES_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
