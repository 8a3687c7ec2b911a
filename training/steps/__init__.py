# SPDX-License-Identifier: Apache-2.0
"""Losses, optimisers, and the loops that take steps."""
