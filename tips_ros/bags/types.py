# SPDX-License-Identifier: Apache-2.0
"""The message types that bags are read and written with."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.interfaces.typing import Typesdict
from rosbags.typesys import (
    Stores,
    TypesysError,
    get_types_from_idl,
    get_types_from_msg,
    get_typestore,
)
from rosbags.typesys.store import Typestore

from tips_ros.resources import share_dir

logger = logging.getLogger(__name__)

_IDL_SEPARATOR = "=" * 80 + "\n"


def default_typestore() -> Typestore:
    """The message types of ROS 2 Jazzy and those of this package."""
    store = get_typestore(Stores.ROS2_JAZZY)
    try:
        for path in sorted((share_dir() / "msg").glob("*.msg")):
            store.register(get_types_from_msg(path.read_text(), f"tips_ros/msg/{path.stem}"))
    except FileNotFoundError as error:
        logger.info("bags are handled without the tips_ros messages: %s", error)
    return store


def typestore_of(connections: Iterable[Connection]) -> Typestore:
    """`default_typestore` and the types that a bag brings along; where they differ, the bag's."""
    embedded: Typesdict = {}
    for connection in connections:
        try:
            embedded.update(_definitions(connection))
        except TypesysError as error:
            logger.warning("definition of %s in the bag: %s", connection.msgtype, error)
    store = default_typestore()
    try:
        store.register(embedded)
    except TypesysError:  # recorded with another version of a type that Jazzy has, too
        known = store.fielddefs
        store = get_typestore(Stores.EMPTY)
        store.register({**known, **embedded})
    return store


def full_type_name(name: str) -> str:
    """`sensor_msgs/Image`, as some recorders write it, as `sensor_msgs/msg/Image`."""
    package, *_, message = name.split("/")
    return f"{package}/msg/{message}" if name.count("/") == 1 else name


def _definitions(connection: Connection) -> Typesdict:
    """Parse the definitions that a topic brings along: its own type and all that it is made of."""
    text = connection.msgdef.data
    if connection.msgdef.format == MessageDefinitionFormat.MSG:
        return get_types_from_msg(text, full_type_name(connection.msgtype))
    if connection.msgdef.format == MessageDefinitionFormat.NONE:
        return {}
    types: Typesdict = {}
    for part in text.split(_IDL_SEPARATOR):
        # Each part starts with a line `IDL: package/msg/Name`, unless there is only one.
        idl = part.split("\n", 1)[-1] if part.startswith("IDL: ") else part
        if idl.strip():
            types.update(get_types_from_idl(idl))
    return types
