# SPDX-License-Identifier: Apache-2.0
"""The DPT heads, rewritten for speed."""
