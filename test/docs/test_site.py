# SPDX-License-Identifier: Apache-2.0
"""The documentation builds as a site without a warning, with every page, and without a network."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from . import interface_page
from .pages import SOURCE

DOCS = SOURCE / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    pytest.importorskip("sphinx", reason="sphinx is not installed; requirements-test.txt brings it")
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d"]
    done = subprocess.run(
        [*build, str(folder / "doctrees"), str(DOCS), str(folder / "html")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.mark.slow
def test_every_page_is_on_the_site_and_in_its_menu(site):
    menu = (site / "index.html").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert (site / page.name).with_suffix(".html").is_file()
        assert f'href="{page.stem}.html"' in menu, page


@pytest.mark.slow
def test_pages_of_other_folders_are_drawn_in_and_links_to_them_lead_there(site):
    assert "Use it on a robot" in (site / "site" / "project.html").read_text(encoding="utf-8")
    assert 'href="site/training.html"' in (site / "README.html").read_text(encoding="utf-8")
    assert 'href="../gpu.html"' in (site / "site" / "project.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_reference_says_what_the_docstrings_say(site):
    page = (site / "api" / "perception.html").read_text(encoding="utf-8")
    assert "tips_ros.perception.predictor.Predictor.predict" in page
    assert "Looks at one image, once." in page


@pytest.mark.slow
def test_the_program_of_the_reference_runs(tmp_path):
    page = (DOCS / "api" / "perception.rst").read_text(encoding="utf-8")
    (block,) = re.findall(r"^\.\. code-block:: python\n\n((?:   .*\n|\n)+)", page, re.MULTILINE)
    assert cv2.imwrite(str(tmp_path / "photo.jpg"), np.full((56, 84, 3), 90, np.uint8))
    run = [sys.executable, "-c", textwrap.dedent(block)]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith("(56, 84) "), done.stderr


@pytest.mark.slow
def test_a_page_loads_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<(script|img|iframe)[^>]+src=\"(https?:)?//", text), page
        assert not re.search(r"<link[^>]+rel=\"stylesheet\"[^>]+href=\"(https?:)?//", text), page


@pytest.mark.slow
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path):
    pytest.importorskip("sphinx", reason="sphinx is not installed; requirements-test.txt brings it")
    (tmp_path / "conf.py").write_text((DOCS / "conf.py").read_text(encoding="utf-8"))
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "site.css").touch()
    (tmp_path / "index.rst").write_text("A\n=\n\n:doc:`no_doc`\n\n.. toctree::\n\n   page\n")
    # Target → what the warning names.
    lost = {"no_page.md": "no_page.md", "../no_file.py": "no_file.py", "no_folder/": "no_folder"}
    lost |= {"#no-heading": "no-heading", "page.md#no-anchor": "no-anchor"}
    good = ("page.md", "#a-page", "page.md#a-page", "index.rst", "../tips_ros", "../run")
    text = "\n\n".join(f"[link]({target})" for target in (*lost, *good))
    (tmp_path / "page.md").write_text(f"# A page\n\n{text}\n")
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*build, str(tmp_path), str(tmp_path / "out")], capture_output=True, text=True
    )
    told = done.stderr.strip().splitlines()
    assert done.returncode != 0 and len(told) == len(lost) + 1, done.stderr
    assert all(any(named in line for line in told) for named in ("no_doc", *lost.values())), told


def test_the_page_of_interfaces_is_that_of_the_definitions():
    again = "python test/docs/interface_page.py --write docs/interfaces.md"
    page = (DOCS / "interfaces.md").read_text(encoding="utf-8")
    assert page == interface_page.document(), again
    names = {path.stem for kind in ("msg", "srv") for path in (SOURCE / kind).iterdir()}
    assert names <= set(re.findall(r"^### (\w+)$", page, re.MULTILINE))


def test_rosdoc2_finds_the_site():
    root = ElementTree.parse(SOURCE / "package.xml").getroot()
    file = SOURCE / str(root.findtext("export/rosdoc2"))
    _, settings = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    (builder,) = settings["builders"]
    assert (SOURCE / builder["sphinx"]["sphinx_sourcedir"] / "conf.py").is_file()
    assert (SOURCE / settings["settings"]["python_source"] / "__init__.py").is_file()
