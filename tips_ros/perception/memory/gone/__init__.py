# SPDX-License-Identifier: Apache-2.0
"""Tells remembered things that are gone: by depth, and by their names."""
