# SPDX-License-Identifier: Apache-2.0
"""People as things of a scene."""
