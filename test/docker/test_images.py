# SPDX-License-Identifier: Apache-2.0
"""docker/: what can be known of images without building them."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from .dockerfile import FOLDER, instructions, last_stage

SOURCE = FOLDER.parent
SERVICES = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))["services"]
IGNORED = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()


def texts(name: str) -> list[str]:
    return [one.text for one in instructions() if one.name == name]


def test_hadolint_finds_nothing():
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint has no wheel for this machine")
    run = subprocess.run(
        [hadolint, "--no-color", str(FOLDER / "Dockerfile")], capture_output=True, text=True
    )
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_the_base_is_pinned_and_is_one_for_all_machines():
    (base,) = (text for text in texts("ARG") if text.startswith("BASE="))
    image, _, tag = base.removeprefix("BASE=").partition(":")
    assert image and tag and tag != "latest"
    stages = {text.split()[-1] for text in texts("FROM")}
    froms = [text.split()[0] for text in texts("FROM")]
    assert froms[0] == "${BASE}" and set(froms[1:]) <= stages


def test_what_runs_is_nobody_privileged():
    (user,) = (one.text for one in last_stage() if one.name == "USER")
    (number,) = (t.partition("=")[2] for t in texts("ARG") if t.startswith("USER_ID="))
    assert user == "${USER_ID}:${USER_ID}" and int(number) >= 1000
    names = [one.name for one in last_stage()]
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")


@pytest.mark.parametrize("name", ["ENTRYPOINT", "CMD", "HEALTHCHECK"])
def test_processes_get_signals_because_no_shell_stands_between(name: str):
    (text,) = (one.text for one in last_stage() if one.name == name)
    command = text.partition("CMD ")[2] if name == "HEALTHCHECK" else text
    assert all(isinstance(part, str) for part in json.loads(command))


def test_layers_keep_neither_package_lists_nor_caches():
    for text in texts("RUN"):
        if "apt-get install" in text:
            assert "apt-get update" in text and "--no-install-recommends" in text
            assert "rm -rf /var/lib/apt/lists/*" in text
        if "pip install" in text and "uv pip" not in text:
            assert "--no-cache-dir" in text
    assert any("UV_NO_CACHE=1" in text for text in texts("ENV"))


def test_the_sources_are_not_in_the_image_that_runs():
    copied = [one.text for one in last_stage() if one.name == "COPY"]
    assert not any(text.startswith(". ") for text in copied)
    assert any(text.startswith("--from=build /opt/tips ") for text in copied)


def is_sent(path: str) -> bool:
    """Whether a file of the project gets to the builder: the last line that fits decides."""
    sent = True
    for line in IGNORED:
        pattern = line.lstrip("!")
        if line and line[0] != "#" and (
            fnmatch.fnmatch(path, pattern) or path.startswith(f"{pattern}/")
        ):  # fmt: skip
            sent = line[0] == "!"
    return sent


def test_what_is_copied_is_there_and_is_sent_to_the_builder():
    for text in texts("COPY"):
        *sources, _ = text.split()
        for source in sources:
            if not source.startswith("--") and not source.startswith("/") and source != ".":
                assert (SOURCE / source).is_file() and is_sent(source), source
    cmake = (SOURCE / "CMakeLists.txt").read_text(encoding="utf-8")
    for folder in re.findall(r"install\(DIRECTORY ([a-z_ /]+)\n", cmake):
        for name in folder.split():
            assert is_sent(f"{name.strip('/')}/any.file"), name
    assert is_sent("scripts/tips_node") and is_sent("msg/ClassMap.msg") and is_sent("package.xml")


@pytest.mark.parametrize("path", [".git/config", ".venv/bin/python", "out/demo.mcap", "test/x.py"])
def test_nothing_else_is_sent(path: str):
    assert not is_sent(path)


@pytest.mark.parametrize("name", SERVICES)
class TestEachService:
    def test_has_room_for_images_in_shared_memory_and_the_machine_s_network(self, name):
        assert SERVICES[name]["ipc"] == "host" and SERVICES[name]["network_mode"] == "host"

    def test_may_do_nothing_that_a_node_need_not(self, name):
        service = SERVICES[name]
        assert service["cap_drop"] == ["ALL"] and not service.get("privileged")

    def test_is_built_from_the_one_dockerfile_with_arguments_that_it_has(self, name):
        build = SERVICES[name]["build"]
        assert (FOLDER / build["context"] / build["dockerfile"]).samefile(FOLDER / "Dockerfile")
        assert set(build["args"]) <= {text.partition("=")[0] for text in texts("ARG")}

    def test_is_on_the_page(self, name):
        page = (FOLDER / "README.md").read_text(encoding="utf-8")
        assert f"| `{name}` |" in page and "None of these was built" in page


def test_one_is_for_a_cpu_and_two_are_for_gpus():
    backends = {name: one["build"]["args"]["TORCH_BACKEND"] for name, one in SERVICES.items()}
    assert backends.pop("cpu") == "cpu" and set(backends) == {"cuda", "jetson"}
    assert all(backend.startswith("cu") for backend in backends.values())
    assert SERVICES["cuda"]["deploy"] and SERVICES["jetson"]["runtime"] == "nvidia"


def test_the_entry_point_runs_what_it_is_given_and_ends_as_that_does(tmp_path: Path):
    run = subprocess.run(
        [str(FOLDER / "entrypoint.sh"), "bash", "-c", 'printf "%s|" "$@"; exit 7', "-", "a b", "c"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "ROS_DISTRO": "none"},
    )
    assert (run.returncode, run.stdout, run.stderr) == (7, "a b|c|", "")
