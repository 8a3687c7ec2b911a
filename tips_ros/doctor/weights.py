# SPDX-License-Identifier: Apache-2.0
"""Every model directory of this machine, and the published numbers where they can be asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tips_ros.advice import as_typed
from tips_ros.catalogue import MODELS, download_advice
from tips_ros.doctor.findings import Finding, Section, Status
from tips_ros.doctor.golden_check import IMAGE, PUBLISHED, GoldenNumbers, compare_with_golden
from tips_ros.doctor.model_files import (
    ModelReport,
    known_directories,
    model_report,
    requested_directory,
)
from tips_ros.perception.loading.load import DEMO, find_model, load_model, load_predictor
from tips_ros.resources import models_home

_HOW = (
    f"give --oracle-image FILE with {IMAGE} to compare with the published numbers and to learn "
    "which depth activation gives them"
)
NOT_TRIED = "not tried; --hash loads every model, --model NAME one"
_ORACLES = ("tipsv2-b14", "google/tipsv2-b14-dpt")


def weights(
    model: str | None,
    image: NDArray[np.uint8] | None,
    *,
    with_hashes: bool = False,
    oracle: GoldenNumbers = PUBLISHED,
) -> list[Section]:
    """A section per directory, with whether `infer` would take it.

    Only the model that was asked about is loaded, and all of them with hashes; of the others the
    files' names and shapes are looked at.

    Args:
        model: name or directory that the user asked about, besides what is known.
        image: (H, W, 3) uint8, that of the published numbers.
        with_hashes: read every file and compare.
        oracle: the published numbers.
    """
    directories = known_directories()
    sections: list[Section] = []
    if model is not None and model != DEMO:
        directory = requested_directory(model)
        if directory is None:
            sections.append(_not_here(model))
        else:
            # First, and once.
            others = {n: p for n, p in directories.items() if p.resolve() != directory.resolve()}
            directories = {model: directory, **others}
    reports = [
        model_report(name, directory, with_hashes=with_hashes)
        for name, directory in directories.items()
    ]
    if not reports and not sections:
        line = as_typed("tips_ros download NAME")
        none = f"only the small demo model; {line} gets a released one"
        sections.append(Section("Models", (Finding(_home(), "no models", Status.ABSENT, none),)))
    for report in reports:
        whole = with_hashes or report.name == model
        sections.append(_add_finding(report.section, check_loading(report.name, whole=whole)))
    chosen = [r for r in reports if r.name in _ORACLES or (r.name == model and _is_b14(r))]
    return [*sections, *_golden_sections(chosen, image, oracle)]


def demo() -> Section:
    """The model that comes with the package, which is what runs where none is named."""
    return Section(f"Model {DEMO}", (check_loading(DEMO, whole=True),))


def check_loading(model: str, *, whole: bool) -> Finding:
    """Checks that `infer --model` takes it.

    Args:
        model: name or directory.
        whole: load it, to be sure; else only names of files are looked at.
    """
    topic = "loading"
    try:
        if not whole:
            find_model(model)
            return Finding(topic, NOT_TRIED)
        predictor = load_predictor(model, device="cpu", precision="fp32")
    except (ValueError, OSError) as error:
        return Finding(topic, "refused", Status.BROKEN, str(error))
    description = predictor.description
    heads = ", ".join(description.heads) or "none"
    size = "x".join(map(str, description.input_size))
    return Finding(topic, f"works: TIPS {description.variant}, heads {heads}, input {size}")


def _add_finding(section: Section, finding: Finding) -> Section:
    return Section(section.title, (*section.findings, finding))


def _home() -> str:
    try:
        return str(models_home())
    except FileNotFoundError as error:
        return str(error)


def _is_b14(report: ModelReport) -> bool:
    return report.has_all_heads and str(report.tower).startswith("B/14")


def _golden_sections(
    reports: list[ModelReport], image: NDArray[np.uint8] | None, oracle: GoldenNumbers
) -> list[Section]:
    title = "Published numbers of TIPSv2 B/14"
    if not reports:
        if image is None:
            return []
        fix = "its image encoder and three heads are needed; " + download_advice(_ORACLES[0])
        return [Section(title, (Finding("b14", "not asked", Status.ABSENT, fix),))]
    if image is None:
        names = ", ".join(report.name for report in reports)
        return [Section(title, (Finding(names, "not asked", Status.ABSENT, _HOW),))]
    return [
        Section(f"{title}, asked of {report.name}", tuple(_compare_model(report, image, oracle)))
        for report in reports
    ]


def _compare_model(
    report: ModelReport, image: NDArray[np.uint8], oracle: GoldenNumbers
) -> list[Finding]:
    try:
        loaded = load_model(report.name)
    except (ValueError, OSError) as error:
        return [Finding("oracle", "not asked: the model is refused", Status.ABSENT, str(error))]
    return compare_with_golden(
        loaded.tips, image, loaded.description.bins.relu_after_project, oracle
    )


def _not_here(model: str) -> Section:
    known = model in MODELS or model in _ORACLES
    fix = download_advice(model) if known else "name a model or a directory that exists"
    return Section(f"Model {model}", (Finding("files", "not here", Status.BROKEN, fix),))
