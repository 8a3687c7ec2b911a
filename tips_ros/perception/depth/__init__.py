# SPDX-License-Identifier: Apache-2.0
"""Depth: at the outputs' size, and in metres that can be trusted."""
