# SPDX-License-Identifier: Apache-2.0
"""The one error of a checkpoint that can't be used."""


class CheckpointError(ValueError):
    """Says in one line which file is wrong, what is wrong with it and, where known, the fix."""
