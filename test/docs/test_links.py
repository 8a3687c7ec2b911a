# SPDX-License-Identifier: Apache-2.0
"""Links lead somewhere, each page is in the index, and each leads back to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .pages import PAGES, SOURCE, name

INDEX = SOURCE / "docs" / "README.md"
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    """Targets of links, without those to other places."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [link for link in found if not link.startswith(("http", "mailto:"))]


def anchors(page: Path) -> set[str]:
    """Of its headings, as they are made on code hosts."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_link_leads_somewhere(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", sorted(INDEX.parent.glob("*.md")), ids=lambda page: page.name)
def test_each_page_of_docs_is_in_the_index_and_leads_back(page):
    assert page.read_text(encoding="utf-8").strip(), "an empty page"
    if page == INDEX:
        assert "../README.md" in links(page)
    else:
        assert page.name in {link.partition("#")[0] for link in links(INDEX)}
        assert "README.md" in links(page)[:1], "its first link is the way back"


def test_the_first_page_leads_to_the_index():
    assert "docs/README.md" in links(SOURCE / "README.md")
