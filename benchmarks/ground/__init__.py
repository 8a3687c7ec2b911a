# SPDX-License-Identifier: Apache-2.0
"""Floor, obstacles and scan against rendered truth."""
