# SPDX-License-Identifier: Apache-2.0
"""Recordings, memories and the node's outputs as scenes of rerun; no ROS here."""
