# SPDX-License-Identifier: Apache-2.0
"""The texts that calibration tools write, as nested dicts; what they mean is another file's.

* YAML of `camera_calibration`, Kalibr, scripts, `ros2 topic echo` (a document a message); JSON.
* OpenCV's `FileStorage`: YAML that begins with ``%YAML:1.0`` and tags its matrices, or XML.
* INI: titles and rows of ROS's Videre files (``ost.txt``), keys and values of ZED's ``.conf``.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import yaml

from tips_ros.texts.yaml_text import YamlError, load_yaml

_DOCUMENT_END = re.compile(r"^(?:---|\.\.\.) *(?:#.*)?$", re.MULTILINE)
# `ros2 topic echo` ends its note of a lost message with a document's end on the same line.
_LOST_MESSAGE = re.compile(r"^( *total count: *\d+)---$", re.MULTILINE)
_DOCUMENTS = 8  # the messages of an echoed topic say the same
_SECTION = re.compile(r"\[([A-Za-z_][^\]]*)\]\s*$")
_COMMENT = ("#", ";")


def parse_calibration_text(text: str) -> list[dict[str, Any]]:
    """The documents of a file that are mappings.

    Raises:
        ValueError: none of these formats; the message says which it was taken for.
    """
    text = text.lstrip("\ufeff")
    if text.lstrip().startswith("<"):
        return [_xml(text)]
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(_COMMENT)]
    if lines and _SECTION.match(lines[0]):
        return [_ini(lines)]
    return _yaml(text)


class _Loader(yaml.SafeLoader):
    """YAML without code, that knows the harmless tags of OpenCV and of Python's tuples."""


def _mapping(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    raise yaml.constructor.ConstructorError(None, None, "expected a mapping", node.start_mark)


def _sequence(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    raise yaml.constructor.ConstructorError(None, None, "expected a sequence", node.start_mark)


for _tag in ("opencv-matrix", "opencv-nd-matrix"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:python/tuple", _sequence)


def _yaml(text: str) -> list[dict[str, Any]]:
    # OpenCV's directive is none of YAML's, and YAML indents by spaces alone.
    text = re.sub(r"^%.*$", "", text, flags=re.MULTILINE).replace("\t", "  ")
    found, problem = [], None
    text = _LOST_MESSAGE.sub(r"\1\n---", text)
    for part in _DOCUMENT_END.split(text, maxsplit=_DOCUMENTS)[:_DOCUMENTS]:
        try:
            content = load_yaml(part, _Loader)
        except YamlError as error:
            problem = problem or str(error)
            continue
        if isinstance(content, dict):
            found.append({str(key): value for key, value in content.items()})
    if problem and not found:
        raise ValueError(f"not a YAML file ({problem})")
    return found


def _xml(text: str) -> dict[str, Any]:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"not an XML file ({error})") from error
    return {child.tag: _xml_value(child) for child in root}


def _xml_value(node: ElementTree.Element) -> Any:
    if len(node):
        return {child.tag: _xml_value(child) for child in node}
    return (node.text or "").strip().strip('"')


def _ini(lines: list[str]) -> dict[str, Any]:
    """Sections by name; titles with their rows of numbers, and ``key = value`` lines."""
    sections: dict[str, Any] = {}
    section: dict[str, Any] = {}
    title = ""
    for line in lines:
        if found := _SECTION.match(line):
            section = sections.setdefault(found[1], {})
        elif "=" in line:
            key, _, value = line.partition("=")
            section[key.strip()] = value.strip()
        elif re.match(r"[-+.\d]", line):
            section[title] = f"{section.get(title, '')} {line}".strip()
        else:
            title = line
    return sections
