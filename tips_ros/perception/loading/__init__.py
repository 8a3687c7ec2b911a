# SPDX-License-Identifier: Apache-2.0
"""A model by name or directory: its files found, read and put together."""
