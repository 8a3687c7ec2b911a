# SPDX-License-Identifier: Apache-2.0
"""`tips_ros export`: a folder that a C++ program runs, or none."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from tips_ros import cli
from tips_ros.commands import export
from tips_ros.perception import bundle

PAGE = Path(__file__).resolve().parents[2] / "docs" / "export.md"
SIZE = ["--input-size", "56x56"]
# Where Debian's libonnxruntime-dev and ONNX Runtime's own archive have it, or where it is said.
HEADERS = (
    *filter(None, [os.environ.get("ONNXRUNTIME_INCLUDE")]),
    *("/usr/include/onnxruntime", "/usr/local/include/onnxruntime"),
)
needs_writer = pytest.mark.skipif(
    find_spec("onnxscript") is None, reason="onnxscript is not installed"
)


@pytest.mark.slow
@needs_writer
def test_the_program_of_the_page_runs_the_trial_and_agrees(
    tiny_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    library = built_library()
    include = next((h for h in HEADERS if Path(h, "onnxruntime_cxx_api.h").is_file()), None)
    compiler = shutil.which("g++")
    if library is None or include is None or compiler is None:
        pytest.skip("no g++, or no ONNX Runtime with its C++ headers (libonnxruntime-dev) here")
    (program,) = re.findall(r"```cpp\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "trial.cpp").write_text(program, encoding="utf-8")
    made = tmp_path / "trial"
    (tmp_path / "libonnxruntime.so.1").symlink_to(library)  # as programs ask for it
    link = [str(tmp_path / "libonnxruntime.so.1"), f"-Wl,-rpath,{tmp_path}"]
    source = str(tmp_path / "trial.cpp")
    subprocess.run(
        [compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", source, "-isystem", include, *link]
        + ["-o", str(made)],
        check=True,
    )
    folder = tmp_path / "bundle"
    assert cli.main(["export", str(folder), "--model", str(tiny_directory), *SIZE]) == 0
    assert "tried with ONNX Runtime" in capsys.readouterr().out
    trial = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))["trial"]
    bounds = [str(trial["of_largest"]), str(trial["share"])]
    done = subprocess.run([made, folder, *bounds], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("1.0000 of the values agree") == 3
    # A result that is another is told.
    wrong = folder / "trial" / "depth.f32"
    wrong.write_bytes(bytes(len(wrong.read_bytes())))
    assert subprocess.run([made, folder, *bounds], capture_output=True).returncode == 1


def built_library() -> Path | None:
    """ONNX Runtime's library, as its Python package brings it."""
    spec = find_spec("onnxruntime")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "capi"
    return next(folder.glob("libonnxruntime.so*"), None)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "mine").mkdir()
    assert cli.main(["export", str(tmp_path / "mine")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert not list((tmp_path / "mine").iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--model", "nothing-14"], "no model 'nothing-14'"),
        (["--input-size", "57x56"], "must be multiples of 14"),
        (["--precision", "int8"], "invalid choice"),
    ],
)
def test_what_can_t_be_exported_is_told_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
):
    try:
        status = cli.main(["export", str(tmp_path / "new"), *words])
    except SystemExit as refused:
        status = int(str(refused.code))
    assert status == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_graph_that_can_t_be_written_leaves_nothing(
    tiny_directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def fail(*_: object) -> None:
        raise bundle.BundleRefused("the graph says another depth than the model")

    monkeypatch.setattr(bundle, "onnx_file", fail)
    before = set(tmp_path.iterdir())
    folder = tmp_path / "new"
    assert cli.main(["export", str(folder), "--model", str(tiny_directory), *SIZE]) == 2
    assert "another depth" in capsys.readouterr().err
    assert set(tmp_path.iterdir()) - before <= {tiny_directory}


def test_without_what_writes_graphs_it_says_so_before_a_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(export, "is_here", lambda module: module != "onnxscript")
    monkeypatch.setattr(export, "load_model", None)
    assert cli.main(["export", str(tmp_path / "out")]) != 0
    assert "onnxscript" in capsys.readouterr().err and not list(tmp_path.iterdir())
