# SPDX-License-Identifier: Apache-2.0
"""Lists tests that pytest would run, a line of JSON for each; those that are skipped are left out.

    python test/list_tests.py FILE PYTEST_ARG…
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.pop(0)  # this folder, whose folders would hide packages

import pytest  # noqa: E402

ROOT = Path(__file__).parents[1]


class Listing:
    """Writes the list once pytest has chosen."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Is called by pytest."""
        lines = [_described(item) for item in session.items if not _is_skipped(item)]
        self._file.write_text("\n".join(lines), "utf-8")


def _described(item: pytest.Item) -> str:
    fixtures = list(getattr(item, "fixturenames", ()))
    markers = [mark.name for mark in item.iter_markers()]
    file = item.path.relative_to(ROOT / "test").as_posix()
    said = {"file": file, "name": item.name, "markers": markers, "fixtures": fixtures}
    return json.dumps(said)


def _is_skipped(item: pytest.Item) -> bool:
    conditions = [mark.args[:1] for mark in item.iter_markers("skipif")]
    return any(item.iter_markers("skip")) or any(map(any, conditions))


if __name__ == "__main__":
    options = ["--collect-only", "-q", *sys.argv[2:]]
    sys.exit(pytest.main(options, plugins=[Listing(Path(sys.argv[1]))]))
