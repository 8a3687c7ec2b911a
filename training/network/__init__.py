# SPDX-License-Identifier: Apache-2.0
"""The demo model, and what its training computes with."""
