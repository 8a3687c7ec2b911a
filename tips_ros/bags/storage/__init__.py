# SPDX-License-Identifier: Apache-2.0
"""The files inside a bag: MCAP and SQLite, whole or cut off."""
