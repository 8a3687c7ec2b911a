# SPDX-License-Identifier: Apache-2.0
"""Each page is in the index and leads back to it. Where links lead is Sphinx's to check: -W."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .pages import SOURCE

INDEX = SOURCE / "docs" / "README.md"


def links(page: Path) -> list[str]:
    """Targets of links, without anchors."""
    return re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", sorted(INDEX.parent.glob("*.md")), ids=lambda page: page.name)
def test_each_page_of_docs_is_in_the_index_and_leads_back(page):
    if page == INDEX:
        assert "../README.md" in links(page)
    else:
        assert page.name in links(INDEX)
        assert links(page)[0] == "README.md", "its first link is the way back"


def test_the_first_page_leads_to_the_index():
    assert "docs/README.md" in links(SOURCE / "README.md")
