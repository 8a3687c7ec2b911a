# SPDX-License-Identifier: Apache-2.0
"""config/foxglove.json: each panel is in the layout, and each topic is one of the node's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LAYOUT = json.loads((ROOT / "config" / "foxglove.json").read_text(encoding="utf-8"))


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in (key, *texts(one))]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def test_each_panel_is_in_the_layout_and_the_other_way_round():
    shown = {text for text in texts(LAYOUT["layout"]) if "!" in text}
    assert shown == set(LAYOUT["configById"])


def test_each_topic_is_on_the_page_of_topics():
    page = (ROOT / "docs" / "topics.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `~?(/[^`]+)`", page, re.MULTILINE))
    topics = {t for t in texts(LAYOUT["configById"]) if t.startswith("/")}
    assert len(topics) > 6
    assert {t.removeprefix("/tips") for t in topics} <= documented
