# SPDX-License-Identifier: Apache-2.0
"""The services that a user calls."""
