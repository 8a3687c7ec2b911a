# SPDX-License-Identifier: Apache-2.0
"""Publishers of a frame's results."""
