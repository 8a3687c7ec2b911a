# SPDX-License-Identifier: Apache-2.0
"""Enough shared memory for images and clouds between the processes of one machine.

Fast DDS gives each process half a megabyte by default. A point cloud does not fit, goes through
the network stack in thousands of pieces and arrives late or, once newer ones push it out of the
sender's queue, not at all.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MOST_BYTES = 64 << 20
_LEAST_BYTES = 8 << 20
# Jazzy reads the first, later releases the second.
_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<dds xmlns="http://www.eprosima.com">
  <profiles>
    <transport_descriptors>
      <transport_descriptor>
        <transport_id>shared_memory</transport_id>
        <type>SHM</type>
        <segment_size>{segment}</segment_size>
        <maxMessageSize>{message}</maxMessageSize>
      </transport_descriptor>
      <transport_descriptor>
        <transport_id>udp</transport_id>
        <type>UDPv4</type>
      </transport_descriptor>
    </transport_descriptors>
    <participant profile_name="large_messages" is_default_profile="true">
      <rtps>
        <userTransports>
          <transport_id>shared_memory</transport_id>
          <transport_id>udp</transport_id>
        </userTransports>
        <useBuiltinTransports>false</useBuiltinTransports>
      </rtps>
    </participant>
  </profiles>
</dds>
"""


def shared_memory_environment(folder: Path, memory: Path = Path("/dev/shm")) -> dict[str, str]:
    """Writes a Fast DDS profile and returns the variables that make processes use it.

    Args:
        folder: where the profile is written; it must last as long as the processes start.
        memory: where the system keeps shared memory.

    Returns:
        Nothing when the user has a profile already, or there is too little memory: Fast DDS goes
        on as it does by default. Other middleware does not read these variables.
    """
    if any(os.environ.get(name) for name in _VARIABLES) or not memory.is_dir():
        return {}
    # A quarter: there are two of us, and others may want some.
    segment = min(_MOST_BYTES, shutil.disk_usage(memory).free // 4)
    if segment < _LEAST_BYTES:
        return {}
    profile = folder / "fastdds.xml"
    profile.write_text(_PROFILE.format(segment=segment, message=segment // 2))
    return dict.fromkeys(_VARIABLES, str(profile.absolute()))
