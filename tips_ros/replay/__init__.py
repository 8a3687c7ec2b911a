# SPDX-License-Identifier: Apache-2.0
"""Tools for a running graph: play a bag into it, record it, watch a node in it."""
