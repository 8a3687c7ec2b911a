# SPDX-License-Identifier: Apache-2.0
"""Rendered frames: kept, packed, varied, and fed as batches."""
