# SPDX-License-Identifier: Apache-2.0
"""Every model directory of this machine, and the published numbers where they can be asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tips_ros.catalogue import MODELS, download_advice
from tips_ros.doctor.findings import Finding, Section, Status
from tips_ros.doctor.model_files import (
    ModelReport,
    asked_directory,
    known_directories,
    model_report,
)
from tips_ros.doctor.oracle import IMAGE, PUBLISHED, Oracle, consult
from tips_ros.perception.loading.models import DEMO, load_model
from tips_ros.resources import models_home

_HOW = (
    f"give --oracle-image FILE with {IMAGE} to compare with the published numbers and to learn "
    "which depth activation gives them"
)
_ORACLES = ("tipsv2-b14", "google/tipsv2-b14-dpt")


def weights(
    model: str | None,
    image: NDArray[np.uint8] | None,
    *,
    with_hashes: bool = False,
    oracle: Oracle = PUBLISHED,
) -> list[Section]:
    """A section per directory.

    Args:
        model: name or directory that the user asked about, besides what is known.
        image: (H, W, 3) uint8, that of the published numbers.
        with_hashes: read every file and compare.
        oracle: the published numbers.
    """
    directories = known_directories()
    sections: list[Section] = []
    if model is not None and model != DEMO:
        directory = asked_directory(model)
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
        none = "only the small demo model; tips_ros download NAME gets a released one"
        sections.append(Section("Models", (Finding(_home(), "no models", Status.ABSENT, none),)))
    sections += [report.section for report in reports]
    chosen = [r for r in reports if r.name in _ORACLES or (r.name == model and _is_b14(r))]
    return [*sections, *_oracle(chosen, image, oracle)]


def _home() -> str:
    try:
        return str(models_home())
    except FileNotFoundError as error:
        return str(error)


def _is_b14(report: ModelReport) -> bool:
    return report.has_all_heads and str(report.tower).startswith("B/14")


def _oracle(
    reports: list[ModelReport], image: NDArray[np.uint8] | None, oracle: Oracle
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
        Section(f"{title}, asked of {report.name}", tuple(_asked(report, image, oracle)))
        for report in reports
    ]


def _asked(report: ModelReport, image: NDArray[np.uint8], oracle: Oracle) -> list[Finding]:
    try:
        loaded = load_model(report.name)
    except (ValueError, OSError) as error:
        return [Finding("loading", "failed", Status.BROKEN, str(error))]
    return consult(loaded.tips, image, loaded.description.bins.relu_after_project, oracle)


def _not_here(model: str) -> Section:
    known = model in MODELS or model in _ORACLES
    fix = download_advice(model) if known else "name a model or a directory that exists"
    return Section(f"Model {model}", (Finding("files", "not here", Status.BROKEN, fix),))
