# SPDX-License-Identifier: Apache-2.0
"""Bytes of cameras and of files → RGB pixels."""
