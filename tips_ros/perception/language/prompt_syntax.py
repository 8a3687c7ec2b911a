# SPDX-License-Identifier: Apache-2.0
"""The syntax of prompts: one line a class, or the name of a list of such lines.

door                       a class, and the word that is looked for
seat: chair | stool        a class, and the words that stand for it instead of its name
@indoor_robot              the lines of a class list that comes with the package
@~/things.txt              the lines of a text file
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tips_ros.perception.classes.class_files import read_lines, shipped_lists

LONGEST_TEXT = 200  # characters of a name or word
_NO_TEXT = {"Cc": "a control character", "Zl": "a line break", "Zp": "a paragraph break"}
HOW = "write `name`, or `name: word | word`"
# What nobody calls a thing, but many a file.
_FILE = re.compile(
    r"(~|\.{0,2})[/\\].*|.*\.(txt|text|lst|list|names|labels|csv|tsv|ya?ml|json|toml|md)",
    re.IGNORECASE | re.DOTALL,
)


class PromptError(ValueError):
    """Prompts that can't be used; says why and what to write. Nothing was changed."""


class Entry(NamedTuple):
    """One line as parsed."""

    name: str
    words: tuple[str, ...]
    origin: str = ""  # the list it came from, as ` (of @indoor_robot)`; empty where it was typed


def split_entries(text: str) -> list[str]:
    """`door; cup` or `door, cup`, as a shell or a launch file has it → ["door", "cup"].

    Raises:
        PromptError: both separators are there, so that either may be meant.
    """
    if ";" in text and "," in text:
        raise PromptError(f"both ';' and ',' stand in {_short(text)}; separate by one of them")
    return [item.strip() for item in re.split("[;,]", text)]


def looks_like_file(text: str) -> bool:
    """Whether nobody calls a thing so, but many a file."""
    return _FILE.fullmatch(text.strip()) is not None


def check_no_file(text: str) -> None:
    """PromptError for a text that looks like the name of a file, which is no word for a thing."""
    if not looks_like_file(text):
        return
    name = text.strip()
    if os.path.isfile(os.path.expanduser(name)):
        raise PromptError(f"{_short(name)} is a file; write @{name} for its lines")
    raise PromptError(
        f"{_short(name)} looks like a file, and {_name_places(name)}; write @/path/of/the/file.txt "
        "for the lines of one"
    )


def entries(texts: Sequence[str]) -> Iterator[Entry]:
    """Splits the typed text into entries, line by line, with the lists opened.

    Raises:
        PromptError: an empty or too long name or word, the name of a file without @, a separator
            in a name, characters that are no text, or a list that is not there or can't be read.
    """
    for text in texts:
        _check_characters(text)
        if not text.strip().startswith("@"):
            yield _entry(text)
            continue
        reference = text.strip()
        for line in _lines(reference):
            try:
                yield _parse_line(line, f" (of {reference})")
            except PromptError as error:
                raise PromptError(f"{reference}: {error}") from None


def _parse_line(line: str, origin: str) -> Entry:
    """One line of a list."""
    _check_characters(line)
    if line.startswith("@"):
        raise PromptError(f"{_short(line)} names another list; write its lines instead")
    return _entry(line, origin)


def _entry(text: str, origin: str = "") -> Entry:
    """`name: a | b` → (name, (a, b)); `name` → (name, (name,))."""
    name, colon, synonyms = (part.strip() for part in text.partition(":"))
    if "|" in name:
        raise PromptError(
            f"{_short(text)} has words but no name for them; write `name: word | word`"
        )
    words = tuple(word.strip() for word in synonyms.split("|")) if colon else (name,)
    if not colon and (parts := [part.strip() for part in re.split("[;,]", name)])[1:]:
        raise PromptError(
            f"{_short(text)} has a separator in it; write {' and '.join(map(repr, parts[:3]))} as "
            f"classes of their own, or `name: {name}` where it is one"
        )
    for part in (text, name, *words):
        check_no_file(part)
    for part in (name, *words):
        if not any(c.isprintable() and not c.isspace() for c in part):
            raise PromptError(f"{_short(text)} has an empty name or word; {HOW}")
        if len(part) > LONGEST_TEXT:
            raise PromptError(
                f"{_short(part)} has {len(part)} characters; there may be {LONGEST_TEXT}: "
                "shorten it"
            )
    return Entry(name, words, origin)


def _lines(reference: str) -> list[str]:
    """The lines of `@list`."""
    name = reference.removeprefix("@").strip()
    shipped = shipped_lists()
    file = shipped.get(name) or Path(os.path.expanduser(name))
    if not name or not os.path.lexists(file):
        near = difflib.get_close_matches(name, shipped, n=1)
        meant = f" (did you mean @{near[0]}?)" if near else ""
        where = f" ({_name_places(name)})" if _FILE.fullmatch(name) else ""
        raise PromptError(
            f"there is no class list {_short(reference)}{meant}{where}; there are "
            f"{', '.join('@' + known for known in shipped)}, and any text file as "
            "@/path/of/the/file.txt"
        )
    try:
        lines = read_lines(file)
    except OSError as error:
        raise PromptError(
            f"{reference}: cannot be read ({error.strerror or error}); name a readable text file"
        ) from None
    except ValueError as error:
        raise PromptError(f"@{error}") from None
    if not lines:
        raise PromptError(f"{reference}: holds no class; write one a line")
    return lines


def _name_places(name: str) -> str:
    """Names the places where a file was looked for."""
    path = os.path.expanduser(name)
    there = "" if os.path.isabs(path) else f" in {os.getcwd()}"
    return f"there is none of that name{there}"


def _check_characters(text: str) -> None:
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":  # half of a pair
            raise PromptError(f"{_short(text)} is not Unicode text; send it as UTF-8")
        if category in _NO_TEXT:
            raise PromptError(
                f"{_short(text)} holds {_NO_TEXT[category]}, U+{ord(character):04X}; remove it"
            )


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
