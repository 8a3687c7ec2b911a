# SPDX-License-Identifier: Apache-2.0
"""The checks of `tips_ros doctor`, one module per section; none opens a connection."""
