# SPDX-License-Identifier: Apache-2.0
"""The list of released packages has each that is needed, one version and the sums of its files."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..test_dependencies import LISTS, SOURCE, listed

RELEASED = SOURCE / "bootstrap" / "released.txt"


def entries(text: str) -> dict[str, str]:
    """Package → version; fails where a line is anything else."""
    found: dict[str, str] = {}
    for line in re.sub(r"^#.*\n", "", text, flags=re.M).replace(" \\\n", "").splitlines():
        package, *sums = line.split("    --hash=")
        asked = Requirement(package)
        [pin] = asked.specifier
        assert package == f"{asked.name}=={Version(pin.version)}" and sums, line
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in sums), line
        assert asked.name not in found, f"{asked.name} is there twice"
        found[asked.name] = pin.version
    return found


def test_each_package_of_the_lists_is_pinned_at_a_version_that_they_take():
    pinned = entries(RELEASED.read_text(encoding="utf-8"))
    # Open3D has one package or the other, depending on the machine; a robot needs no cluster and
    # no viewer.
    others = {"open3d", "ray", "rerun-sdk"}
    wanted = [one for name in LISTS for one in listed(f"requirements-{name}.txt")]
    for one in wanted:
        if one.name not in others:
            assert pinned[canonicalize_name(one.name)] in one.specifier, one


def test_torch_is_the_one_that_run_installs():
    said = re.search(r"^TORCH=torch==(\S+)$", (SOURCE / "bootstrap/torch.sh").read_text(), re.M)
    assert said is not None
    assert entries(RELEASED.read_text(encoding="utf-8"))["torch"] == said[1]


def test_no_server_is_named():
    text = RELEASED.read_text(encoding="utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text


GOOD = "a==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"


@pytest.mark.parametrize(
    "line",
    ["b==1.0\n", "b>=1.0\n", "b==1.0 \\\n    --hash=md5:" + "0" * 32 + "\n", "b @ file:b.whl\n",
     "--index-url somewhere\n", GOOD, GOOD.replace("a==1.0", "b==1.*"),
     GOOD.replace("a==1.0", "b==1.0; python_version > '3'")],
)  # fmt: skip
def test_a_line_without_a_version_or_a_sum_is_found(line):
    assert entries(GOOD) == {"a": "1.0"}
    with pytest.raises((AssertionError, ValueError)):
        entries(GOOD + line)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the program reads TOML, as 3.11 does")
def test_what_is_pinned_are_the_files_that_this_set_up_takes():
    spec = importlib.util.spec_from_file_location(
        "pin_released", Path(SOURCE, "bootstrap", "pin_released.py")
    )
    assert spec is not None and spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    names = (
        "cp312-cp312-manylinux_2_28_x86_64", "py3-none-any", "cp39-abi3-manylinux2014_x86_64",
        "cp311-cp311-manylinux_2_28_x86_64", "cp312-cp312-win_amd64", "cp312-cp312t-linux_x86_64",
        "cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-manylinux_2_28_aarch64",
    )  # fmt: skip
    sums = [f"{i:064x}" for i in range(len(names) + 1)]
    wheels = [
        {"url": f"https://x/a-1.0-{name}.whl", "hashes": {"sha256": one}}
        for name, one in zip(names, sums, strict=False)
    ]
    package = {"name": "a", "version": "1.0", "wheels": wheels}
    package["sdist"] = {"url": "https://x/a-1.0.tar.gz", "hashes": {"sha256": sums[-1]}}
    text = program.pinned(package)
    assert entries(text) == {"a": "1.0"}
    assert re.findall(r"sha256:(\S+)", text) == sums[:3]
    assert sums[-1] in program.pinned({**package, "wheels": []})  # no wheel: the source
