# SPDX-License-Identifier: Apache-2.0
"""The message types that bags are read and written with."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rosbags.interfaces.typing import Typesdict
from rosbags.typesys import (
    Stores,
    TypesysError,
    get_types_from_idl,
    get_types_from_msg,
    get_typestore,
)
from rosbags.typesys.store import Typestore

from tips_ros.bags.storage.storage import Definition
from tips_ros.resources import share_dir

logger = logging.getLogger(__name__)

OWN_PACKAGE = "tips_ros/"

_SEPARATOR = "=" * 80 + "\n"


def default_typestore() -> Typestore:
    """The message types of ROS 2 Jazzy and those of this package."""
    store = get_typestore(Stores.ROS2_JAZZY)
    try:
        for path in sorted((share_dir() / "msg").glob("*.msg")):
            store.register(_types_of_msg(path.read_text(), f"tips_ros/msg/{path.stem}"))
    except FileNotFoundError as error:
        logger.info("bags are handled without the tips_ros messages: %s", error)
    return store


def typestore_of(definitions: Mapping[str, Definition]) -> Typestore:
    """`default_typestore` and the types that a bag brings along; where they differ, the bag's.

    A definition that is no use costs its own type and nothing else.

    Args:
        definitions: type → the text about it and all that it is made of.
    """
    known = default_typestore().fielddefs
    # What a known type says of its parts is trusted more than what a stranger says of them.
    order = sorted(definitions, key=lambda name: name in known)
    parsed = {name: _types(name, definitions[name]) for name in order}
    try:
        store = _register(parsed.values())
    # What a definition holds can make the library stumble in any way; most of them are innocent.
    except Exception:
        parsed = {name: types for name, types in parsed.items() if _is_sound(name, types)}
        store = _register(parsed.values())
    if useless := [name for name in parsed if name in known and not describes(store, name)]:
        logger.info("definitions in the bag that are not whole: %s", ", ".join(useless))
        store = _register(types for name, types in parsed.items() if name not in useless)
    return store


def describes(store: Typestore, type_name: str) -> bool:
    """Whether the store knows a type and all that it is made of."""
    try:
        store.generate_msgdef(type_name, ros_version=2)
        store.hash_rihs01(type_name)
    except Exception:
        return False
    return True


def full_type_name(name: str) -> str:
    """`sensor_msgs/Image` and `sensor_msgs::msg::dds_::Image_` as `sensor_msgs/msg/Image`."""
    if "::" in name:
        name = name.replace("::dds_::", "::").replace("::", "/").removesuffix("_")
    return name.replace("/", "/msg/") if name.count("/") == 1 else name


def recorded_text(type_name: str, definition: Definition) -> str:
    """A definition as the mcap storage of rosbag2 keeps it: IDL begins with a line that says so."""
    text = definition.text
    if definition.encoding in ("ros2idl", "omgidl") and not text.startswith(_SEPARATOR):
        return f"{_SEPARATOR}IDL: {type_name}\n{text}"
    return text if definition.encoding != "unknown" else ""


def _register(parsed: Iterable[Typesdict]) -> Typestore:
    """Raises whatever the library does."""
    embedded: Typesdict = {}
    for types in parsed:
        embedded.update(types)
    store = default_typestore()
    try:
        store.register(embedded)
    except TypesysError:  # recorded with another version of a type that Jazzy has, too
        known = store.fielddefs
        store = get_typestore(Stores.EMPTY)
        store.register({**known, **embedded})
    return store


def _is_sound(name: str, types: Typesdict) -> bool:
    try:
        _register([types])
    except Exception as error:
        logger.info("definition of %s in the bag: %s", name, _one_line(error))
        return False
    return True


def _types(name: str, definition: Definition) -> Typesdict:
    """Parse the definition that a topic brings along; empty for one that can't be parsed."""
    try:
        if definition.encoding == "ros2msg":
            return _types_of_msg(definition.text, name) if definition.text.strip() else {}
        if definition.encoding in ("ros2idl", "omgidl"):
            return _types_of_idl(definition.text)
    except Exception as error:
        logger.info("definition of %s in the bag: %s", name, _one_line(error))
    return {}


@lru_cache(maxsize=512)
def _types_of_msg(text: str, name: str) -> Typesdict:
    """Parsed once: the bags of a folder bring the same definitions along. Not to be changed."""
    return get_types_from_msg(text, name)


def _types_of_idl(text: str) -> Typesdict:
    types: Typesdict = {}
    for part in text.split(_SEPARATOR):
        # Each part starts with a line `IDL: package/msg/Name`, unless there is only one.
        idl = part.split("\n", 1)[-1] if part.startswith("IDL: ") else part
        if idl.strip():
            types.update(get_types_from_idl(idl))
    return types


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
