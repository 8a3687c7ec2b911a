# SPDX-License-Identifier: Apache-2.0
"""Counters and diagnostics: how the node is doing, and whether time stands still."""
