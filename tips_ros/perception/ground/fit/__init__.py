# SPDX-License-Identifier: Apache-2.0
"""The plane of the floor among the levels that are seen."""
