# SPDX-License-Identifier: Apache-2.0
"""A figure that several pages give is one figure, and others have a page of their own."""

from __future__ import annotations

import re
import subprocess
from decimal import Decimal
from typing import NamedTuple

import pytest

from tips_ros import catalogue
from tips_ros.model.engines import parity
from tips_ros.resources import demo_model

from .pages import PAGES, SOURCE, name

README, MEASURED, GPU = "README.md", "docs/measured.md", "docs/gpu.md"
TRAINING, STEADY = "training/README.md", "docs/steady.md"
N = r"\**([\d.]+(?:e-?\d+)?)\**"  # a number, bold or not
BEFORE = r"[^|]*\|[^|]*\|[^|]*"  # the rest of a row's name, and the two models before this one


class Figure(NamedTuple):
    """One figure: what of, and where it stands, page by page, each number in a group."""

    what: str
    places: dict[str, str]


# The pages of one figure; several groups are several figures, in the same order on each page.
FIGURES = (
    Figure(
        "times as fast as transformers, in fp32, bf16 and int8",
        {
            README: rf"\| torch fp32 / bf16 / int8 \| \*\*{N} / {N} / {N}\*\* times as fast",
            MEASURED: rf"(?s)torch fp32 \| \d+ ms \| {N} .*?torch bf16 \| \d+ ms \| {N} "
            rf".*?torch int8 \| \d+ ms \| {N} ",
        },
    ),
    Figure(
        "a frame on an H200",
        {
            README: rf"`backend: graphs`, bf16 \| {N} ms; transformers {N} ms in fp32",
            GPU: rf"\| bf16, graphs \| {N} \|.*\n\| transformers fp32 \| {N} \| ",
        },
    ),
    Figure(
        "frames a second of the demo model",
        {
            README: rf"\*\*{N} to {N} frames a second",
            MEASURED: rf"\*\*{N} and {N} frames a second",
        },
    ),
    Figure(
        "the demo model on held-out rooms: AbsRel, normals, mIoU",
        {
            README: rf"depth AbsRel {N}, normals {N}°\*\*, mIoU {N}",
            TRAINING: rf"(?s)200 held-out rooms.*?AbsRel{BEFORE}\| {N} .*?normals{BEFORE}"
            rf"\| {N}° .*?mean IoU of 23 {BEFORE}\| {N} ",
        },
    ),
    Figure(
        "the same, as measured",
        {
            MEASURED: rf"(?s)its normals are \*\*{N}°.*?is {N}, with words .*?{N}.*?AbsRel {N}"
            rf" corrected for the lens, {N}\s",
            TRAINING: rf"(?s)(?=.*?normals{BEFORE}\| {N}°)(?=.*?mean IoU of 23 {BEFORE}\| {N} )"
            rf"(?=.*?never showed, mean IoU {BEFORE}\| {N} )"
            rf".*?200 held-out rooms.*?AbsRel{BEFORE}\| {N} \({N}\)",
        },
    ),
    Figure(
        "AbsRel on two real bags",
        {
            README: rf"on two real bags AbsRel {N} and {N} ",
            MEASURED: rf"on two real bags it is {N} and {N}:",
            TRAINING: rf"(?s)7-Scenes, 90 {BEFORE}\| {N} .*?Redwood, 5 {BEFORE}\| {N} ",
        },
    ),
    Figure(
        "parity with the reference",
        {
            README: rf"depth within {N}, all ([\d,]+) labels equal",
            MEASURED: rf"(?s)depth within {N},.*?on all ([\d,]+) pixels",
        },
    ),
    Figure(
        "a frame in a bag, MB",
        {README: rf"every output takes {N} MB a frame", "docs/bags.md": rf"output, {N} MB a frame"},
    ),
    Figure(
        "pictures that come without shared memory",
        {
            README: rf"Without it, {N} of {N} best-effort",
            "docs/transport.md": rf"640x480 \| default \|[^|]*\*\*{N} of {N}\*\*",
        },
    ),
    Figure(
        "the share of a smaller input",
        {
            "docs/models.md": rf"336 × 336 is {N} %",
            "docs/jetson.md": rf"336 x 336 is {N} %",
        },
    ),
    Figure(
        "within 1σ on real frames, of rooms' coefficients",
        {
            STEADY: rf"covers {N} % within 1σ on real frames of 7-Scenes and {N} % on Redwood",
            "docs/evaluation.md": rf"(?s)7-Scenes, 90 frames, fitted to rooms \| {N} %.*?"
            rf"Redwood, 5 frames, fitted to rooms \| {N} %",
        },
    ),
)
# Said on one page alone: other pages lead there.
ONLY_ON = {
    r"[GM]B a frame": {"docs/bags.md", README},
    r"\d frames a second": {MEASURED, README, "docs/benchmarks.md"},
    r"pictures? a second": {GPU, TRAINING, "docs/consumers.md"},
    r"every \w+ pixel|[Vv]oxels of 5 cm is": {"docs/consumers.md"},
    r"k1 of −0\.\d": {"docs/consumers.md"},
    r"whole frame, ms": set(),
    r"of 40(?: pictures)?\b": {"docs/transport.md", README},
    r"MB for the B model": {"docs/prompts.md"},
}
# What README counts with a unit and no test of figures has to know: settings and pictures' sizes.
SETTINGS = r"448 square|640×480|448×448|\d+ LiDAR|[23]-D|Python 3\.\d+|Debian \d+"


def text_of(page: str) -> str:
    return (SOURCE / page).read_text(encoding="utf-8")


def numbers(figure: Figure, page: str) -> list[str]:
    found = re.search(figure.places[page], text_of(page))
    assert found, f"{page} no longer says: {figure.what}"
    return [number.rstrip(".").replace(",", "") for number in found.groups()]


def unit_in_the_last_place(number: str) -> Decimal:
    return Decimal(1).scaleb(Decimal(number).as_tuple().exponent)  # type: ignore[arg-type]


def agree(one: str, other: str) -> bool:
    """Is one the other, or rounded from it?"""
    coarser = max(unit_in_the_last_place(one), unit_in_the_last_place(other))
    return abs(Decimal(one) - Decimal(other)) <= coarser / 2


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.what)
def test_a_figure_of_several_pages_is_one(figure: Figure):
    first, *others = figure.places
    for page in others:
        mine, theirs = numbers(figure, first), numbers(figure, page)
        assert len(mine) == len(theirs) > 0
        for one, other in zip(mine, theirs, strict=True):
            assert agree(one, other), f"{figure.what}: {one} on {first}, {other} on {page}"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3.8", "3.75", True),
        ("0.32", "0.322", True),
        ("5.9", "5.85", True),
        ("16", "16.4", True),
        ("17", "16.4", False),
        ("0.14", "0.146", False),
        ("1.2e-5", "1.2e-5", True),
        ("1.2e-5", "1.3e-5", False),
    ],
)
def test_rounding_is_the_same_figure_and_more_is_another(one: str, other: str, same: bool):
    assert agree(one, other) is same and agree(other, one) is same


@pytest.mark.parametrize("pattern", ONLY_ON)
def test_a_kind_of_figure_has_its_page(pattern: str):
    pages = {name(page) for page in PAGES if re.search(pattern, page.read_text(encoding="utf-8"))}
    assert pages == ONLY_ON[pattern]


def test_times_and_errors_of_the_first_page_are_all_held_to_another():
    """Whoever adds one says here where it is from."""
    text = text_of(README)
    rows = re.findall(r"^\|.*$", text[text.index("## Measured") : text.index("## The house")], re.M)
    known = [figure.places[README] for figure in FIGURES if README in figure.places]
    for row in rows:
        left = row
        for pattern in known:
            left = re.sub(pattern, "", left)
        left = re.sub(SETTINGS, "", left)
        left = re.sub(r"\| CPU \| 9 ms \|", "", left)  # the middle of two runs, below
        assert not re.search(r"\d (?:ms|s|GB|MB)\b|\d°|0\.\d|times as", left), row


def test_the_first_page_s_derived_time_follows():
    runs = re.search(rf"\*\*{N}\s+and {N} ms\*\* in two runs", text_of(MEASURED))
    ours = re.search(rf"with a subscriber to all outputs \| CPU \| {N} ms", text_of(README))
    assert runs and ours
    assert float(runs[1]) <= float(ours[1]) <= float(runs[2])


def test_still_stretches_are_those_of_the_whole_table():
    """Each row of the summary by the table that it is from."""
    whole = text_of("docs/evaluation.md")
    stretches = re.split(r"^\| (\w[\w ]*): off .*$", whole, flags=re.MULTILINE)
    tables = dict(zip(stretches[1::2], stretches[2::2], strict=True))

    def row(stretch: str, mode: str, way: str) -> list[str]:
        found = re.search(rf"\| … {mode}, by {way} \|(.*)\|$", tables[stretch], re.MULTILINE)
        assert found, (stretch, mode, way)
        depth, _, flicker, _, classes, _, scale, _ = found[1].split("|")
        return [re.findall(r"([−+]\d+) %", cell)[0] for cell in (scale, flicker, classes, depth)]

    rows = re.findall(r"^\| (standing|turning|driving)(, a person walks by)?, (.*)$",
                      text_of(STEADY), re.MULTILINE)  # fmt: skip
    assert len(rows) == 6
    for stretch, person, rest in rows:
        mode = re.findall(r"`(\w+)`", rest)[0]
        stretch = f"{stretch} with a person" if person else stretch
        said = re.findall(r"([−+]\d+)(?: / ([−+]\d+))? %", rest)
        assert len(said) == 4
        poses, flow = row(stretch, mode, "poses"), row(stretch, mode, "flow")
        for (first, second), by_poses, by_flow in zip(said, poses, flow, strict=True):
            assert first == by_poses and (second or first) == by_flow, (stretch, mode)

    real = re.search(rf"goes from {N} to {N} \(`scale`\) and {N} % ", text_of(STEADY))
    rows_of_it = r"(?s)\| off \| (\S+) .*?scale \| (\S+) .*?full \| (\S+) "
    (columns,) = re.findall(rows_of_it, stretches[-1])
    assert real and [float(n) for n in real.groups()] == [100 * float(n) for n in columns]


def test_sizes_of_models_are_those_of_the_files():
    whole = re.search(rf"download tipsv2-b14 +# ({N} GB):", text_of(README))
    assert whole and f"({whole[1]})" in catalogue.download_advice("tipsv2-b14")
    text = re.search(rf"\({N} MB for the B model\)", text_of("docs/prompts.md"))
    assert text and f"text encoder, B, {text[1]} MB" in text_of("docs/checkpoints.md")
    mb = sum(p.stat().st_size for p in demo_model().glob("*.safetensors")) / 1e6
    for page in (README, "docs/models.md"):
        said = re.search(rf"`demo`[^.|]* {N} MB", text_of(page))
        assert said and agree(said[1], f"{mb:.1f}"), (page, mb)


def test_the_first_page_says_what_set_up_says():
    parts = "for part in core pictures; do megabytes_of $part; done"
    script = f"source bootstrap/cost.sh; {parts}; gigabytes $((1400 + 80))"
    done = subprocess.run(["bash", "-c", script], cwd=SOURCE, capture_output=True, text=True)
    *lines, told = done.stdout.splitlines()
    fills = sum(int(line.split()[1]) for line in lines)
    assert fills == 1480 and told in text_of(README)


def test_bounds_of_an_engine_are_the_ones_that_it_is_held_to():
    said = re.search(
        rf"\(depth {N} %, normals {N} degrees, each for {N} % of the pixels, and on {N} %",
        text_of("docs/jetson.md"),
    )
    assert said
    asked = (parity.DEPTH * 100, parity.NORMALS_DEG, 95, 100 - parity.LABELS * 100)
    assert tuple(float(number) for number in said.groups()) == asked
