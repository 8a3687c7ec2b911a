# SPDX-License-Identifier: Apache-2.0
"""Settings of the documentation site: `./run docs`, and rosdoc2.

The pages are those of this folder, which a code host shows as they are. Pages of other folders are
drawn in where docs/site/ has a file for them, and the lists of pages come from docs/README.md, so
that nothing is written twice. Nothing is fetched.
"""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

from sphinx.util import logging

_HERE = Path(__file__).resolve().parent


def _find_root() -> Path:
    """Returns the package's folder; rosdoc2 builds in a copy of docs/, the package on its path."""
    found = importlib.util.find_spec("tips_ros")
    beside = Path(str(found.origin)).resolve().parents[1] if found and found.origin else _HERE
    roots = [path for path in (_HERE.parent, beside) if (path / "package.xml").is_file()]
    return roots[0] if roots else _HERE.parent


_ROOT = _find_root()
# Pages of other folders → the file of docs/site/ that stands for them.
_DRAWN_IN = {
    "README.md": "site/project",
    "CONTRIBUTING.md": "site/contributing",
    "SECURITY.md": "site/security",
    "CHANGELOG.rst": "site/changelog",
    "training/README.md": "site/training",
    "benchmarks/README.md": "site/benchmarks",
    "docker/README.md": "site/docker",
    "samples/README.md": "site/samples",
    "models/demo/README.md": "site/demo_model",
}
_FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_LIST = re.compile(r"^   @(.+)@$", re.MULTILINE)

project = "tips_ros"
author = "tips_ros maintainers"
_version = re.search(r"<version>([^<]+)<", (_ROOT / "package.xml").read_text(encoding="utf-8"))
release = version = _version[1] if _version else ""

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 4
html_theme = "sphinx_rtd_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
add_module_names = False
python_use_unqualified_type_names = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_use_rtype = False
napoleon_use_ivar = True  # or the fields of a tuple would be described twice
# The catalogue of messages begins with headings of the third level.
suppress_warnings = ["myst.header"]
# What is not installed where the site is built: a page of the reference needs its names alone.
autodoc_mock_imports = [
    name
    for name in ("torch", "cv2", "numpy", "safetensors", "sentencepiece", "scipy", "transforms3d")
    if importlib.util.find_spec(name) is None
]


def setup(app) -> None:  # type: ignore[no-untyped-def]
    """Connects what turns the pages of the tree into those of the site."""
    from pygments.lexers.special import TextLexer

    app.add_lexer("mermaid", TextLexer)  # drawn by code hosts, text here
    app.connect("source-read", _read_source)


def _read_source(app, docname: str, source: list[str]) -> None:  # type: ignore[no-untyped-def]
    drawn_in = [path for path, name in _DRAWN_IN.items() if name == docname]
    if drawn_in:
        source[0] = (_ROOT / drawn_in[0]).read_text(encoding="utf-8")
    if docname == "index":
        source[0] = _LIST.sub(lambda found: _pages_of(found[1]), source[0])
    page = _ROOT / (drawn_in[0] if drawn_in else f"docs/{docname}.md")
    if page.suffix == ".md":
        pieces = _FENCE.split(source[0])
        pieces[::2] = [_LINK.sub(lambda m: _link(m, page, docname), text) for text in pieces[::2]]
        source[0] = "".join(pieces)


def _pages_of(section: str) -> str:
    """Returns the pages that a section of docs/README.md links to, a line each."""
    index = (_ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", index, re.MULTILINE | re.DOTALL)
    links = [target for _, target, _ in _LINK.findall(text)]
    names = dict.fromkeys(link.removesuffix(".md") for link in links if "/" not in link)
    return "\n".join(f"   {name}" for name in names if name != "README")


def _link(found: re.Match[str], page: Path, docname: str) -> str:
    """Returns the link of a page of the tree as it is right on the site; of a folder, its text."""
    text, target, anchor = found[1], found[2], found[3] or ""
    if "://" in target or target.startswith("mailto:"):
        return found[0]
    path = Path(os.path.normpath(page.parent / target))
    folder = (_HERE / docname).parent
    if path.is_relative_to(_ROOT / "docs"):
        there = _HERE / path.relative_to(_ROOT / "docs")
    elif path.is_relative_to(_ROOT) and str(path.relative_to(_ROOT)) in _DRAWN_IN:
        name = _DRAWN_IN[str(path.relative_to(_ROOT))]
        there = (_HERE / name).with_suffix(path.suffix)
    elif path.is_file():
        there = path
    else:
        if not path.exists():
            logging.getLogger(__name__).warning("no file %s", target, location=docname)
        return text
    return f"[{text}]({os.path.relpath(there, folder)}{anchor})"
