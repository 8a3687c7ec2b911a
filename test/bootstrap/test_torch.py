# SPDX-License-Identifier: Apache-2.0
"""The PyTorch that a Jetson gets: NVIDIA's own before JetPack 7, the common one from then on."""

from __future__ import annotations

import pytest

RELEASES = {
    "R35": "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref",
    "R36": "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic",
    "R38": "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic",
    "R39": "# R39 (release), REVISION: 1.0, GCID: 43000000, BOARD: generic",
}


@pytest.fixture
def chosen(run, program, tmp_path):
    """The steps for PyTorch on an Arm machine whose system says this of itself, or nothing."""
    program("uname", "echo aarch64")
    said = tmp_path / "release"

    def choose(release: str | None) -> str:
        if release is not None:
            said.write_text(f"{release}\n")
        script = f"""
        TEGRA_RELEASE='{said}' STATE='{tmp_path}'
        drop_half_installed() {{ :; }}
        has_torch() {{ [[ -f '{tmp_path}/there' ]]; }}
        brings_cuda() {{ return 1; }}
        pip_install() {{ echo "pip $*"; touch '{tmp_path}/there'; }}
        install_torch"""
        done = run(script=script)
        return done.stdout + done.stderr

    return choose


@pytest.mark.parametrize("release", ["R35", "R36"])
def test_before_jetpack_7_it_has_to_be_given(chosen, release: str):
    told = chosen(RELEASES[release])
    assert "needs NVIDIA's own PyTorch" in told and "TIPS_ROS_TORCH" in told
    assert "pip" not in told


@pytest.mark.parametrize("release", ["R38", "R39"])
def test_from_jetpack_7_on_it_is_the_one_that_pip_finds(chosen, release: str):
    assert chosen(RELEASES[release]).startswith("pip torch==")


def test_a_release_that_nobody_can_read_is_taken_for_an_old_one(chosen):
    assert "needs NVIDIA's own PyTorch" in chosen("# something else")


def test_another_arm_machine_is_no_jetson(chosen):
    assert chosen(None).startswith("pip torch==")
