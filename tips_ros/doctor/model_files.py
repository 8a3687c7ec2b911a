# SPDX-License-Identifier: Apache-2.0
"""The files of a model directory: which parts, how large, whether they are still as recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tips_ros.advice import as_typed
from tips_ros.catalogue import MODELS, ROLES, readable_size
from tips_ros.doctor.findings import Finding, Section, Status
from tips_ros.doctor.shapes import Shapes, Tower, hub_parts, shapes_in, tower_of
from tips_ros.downloads.checksum_file import CHECKSUMS, ChecksumFile, hash_file
from tips_ros.downloads.errors import DownloadError
from tips_ros.model.tips import HEAD_NAMES
from tips_ros.perception.loading.model_directory import hub_snapshot, scan
from tips_ros.resources import models_home

_CHECKPOINTS = (".npz", ".zip", ".safetensors")
_UNFINISHED = ".part"
_SCENIC = "-scenic"
_HUB = tuple(
    f"google/{name}{suffix}"
    for name in MODELS
    if name.startswith("tipsv2-")
    for suffix in ("", "-dpt")
)
_COSTS = {
    "vision": "nothing can be loaded",
    "text": "no prompts, no tags",
    "tokenizer": "no prompts, no tags",
    "depth": "no depth, no cloud",
    "normals": "no normals",
    "segmentation": "no classes of its own",
}


@dataclass(frozen=True)
class ModelReport:
    """One model directory.

    Attributes:
        name: what `--model` takes.
        section: what to say.
        tower: the image encoder's sizes, if there is one.
        parts: roles that have a file.
    """

    name: str
    section: Section
    tower: Tower | None
    parts: frozenset[str]

    @property
    def has_all_heads(self) -> bool:
        """Whether depth, normals and classes can be computed."""
        return self.tower is not None and self.parts.issuperset(HEAD_NAMES)


def known_directories() -> dict[str, Path]:
    """Name → directory: everything in `models_home()`, and Google's models in the Hub's cache."""
    try:
        home = models_home()
    except FileNotFoundError:
        return {}
    here = sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    found = {path.name if _is_released(path.name) else str(path): path for path in here}
    for name in _HUB:
        if (snapshot := hub_snapshot(name)) is not None:
            found[name] = snapshot
    return found


def requested_directory(model: str) -> Path | None:
    """Directory that the named model would be read from; None where it is not there."""
    path = models_home() / model if _is_released(model) else Path(model).expanduser()
    if model in _HUB and not path.is_dir():
        return hub_snapshot(model)
    return path if path.is_dir() else None


def _is_released(name: str) -> bool:
    """Whether this is a name that `--model` knows; the JAX files have a directory of their own."""
    return name.removesuffix(_SCENIC) in MODELS


def model_report(name: str, directory: Path, *, with_hashes: bool = False) -> ModelReport:
    """Looks at a directory; the files' data is read for hashes only."""
    findings: list[Finding] = []
    ledger: ChecksumFile | None = None
    try:
        ledger = ChecksumFile(directory)
    except (DownloadError, OSError) as error:
        findings.append(Finding(CHECKSUMS, "not readable", Status.BROKEN, str(error)))
    shapes: dict[Path, Shapes] = {}
    for path in sorted(p for p in directory.iterdir() if p.is_file()):
        if path.name == CHECKSUMS:
            continue
        finding = _file(path, ledger, with_hashes)
        if path.suffix in _CHECKPOINTS:
            try:
                shapes[path] = shapes_in(path)
            except ValueError as error:
                finding = Finding(
                    path.name, finding.value, Status.BROKEN, f"{error}; copy or download it again"
                )
        findings.append(finding)
    try:
        found = scan(directory)
    except (ValueError, OSError) as error:
        findings.append(Finding("directory", "can't be used", Status.BROKEN, str(error)))
        return ModelReport(name, _section(name, directory, findings), None, frozenset())
    parts = {str(role) for role, path in found.files.items() if path in shapes}
    for path, content in shapes.items():
        if path.suffix == ".safetensors":
            parts.update(hub_parts(content))
    if found.tokenizer is not None:
        parts.add("tokenizer")
    towers = [tower for content in shapes.values() if (tower := tower_of(content)) is not None]
    tower = towers[0] if towers else None
    if tower is not None:
        findings.append(Finding("image encoder", str(tower)))
    findings.append(_parts(parts))
    return ModelReport(name, _section(name, directory, findings), tower, frozenset(parts))


def _section(name: str, directory: Path, findings: list[Finding]) -> Section:
    title = f"Model {name}" if name == str(directory) else f"Model {name} ({directory})"
    return Section(title, tuple(findings))


def _parts(parts: set[str]) -> Finding:
    missing = [role for role in ROLES if role not in parts]
    value = ", ".join(role for role in ROLES if role in parts) or "none"
    if not missing:
        return Finding("parts", value)
    costs: dict[str, list[str]] = {}
    for role in missing:
        costs.setdefault(_COSTS[role], []).append(role)
    lost = "; ".join(f"without {' and '.join(roles)} {cost}" for cost, roles in costs.items())
    return Finding("parts", value, Status.ABSENT, lost)


def _file(path: Path, ledger: ChecksumFile | None, with_hashes: bool) -> Finding:
    size = readable_size(path.stat().st_size)
    if path.name.endswith(_UNFINISHED):
        fix = f"give `{as_typed('tips_ros download')}` again, it goes on from there"
        return Finding(path.name, f"{size}, unfinished", Status.ABSENT, fix)
    recorded = ledger.get(path.name) if ledger is not None else None
    if not with_hashes:
        if recorded is None:
            return Finding(path.name, size)
        return Finding(path.name, f"{size}, recorded SHA-256 {recorded[:16]}… (--hash compares)")
    try:
        actual = hash_file(path)
    except OSError as error:
        why = error.strerror or str(error)
        return Finding(path.name, f"{size}, can't be read ({why})", Status.BROKEN, "see to that")
    if recorded is None:
        return Finding(path.name, f"{size}, SHA-256 {actual}, none recorded")
    if recorded != actual:
        value = f"{size}, SHA-256 {actual}, but {recorded} is recorded"
        fix = f"the file changed: copy or download it again, or correct {CHECKSUMS}"
        return Finding(path.name, value, Status.BROKEN, fix)
    return Finding(path.name, f"{size}, SHA-256 {actual} as recorded")
