# SPDX-License-Identifier: Apache-2.0
"""A furnished room and its renderer."""
