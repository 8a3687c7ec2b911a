# SPDX-License-Identifier: Apache-2.0
"""The demonstration: a bag played to the live node, and what came of it."""
