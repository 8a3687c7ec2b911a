# SPDX-License-Identifier: Apache-2.0
"""Whether remembered things are still there: by depth, and by their names."""
