# SPDX-License-Identifier: Apache-2.0
"""Small things for tables and floors."""
