# SPDX-License-Identifier: Apache-2.0
"""Fetches the released files: the only part that opens a network connection, when asked to."""
