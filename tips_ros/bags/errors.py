# SPDX-License-Identifier: Apache-2.0
"""The errors of reading and writing bags."""


class BagError(ValueError):
    """A bag that cannot be read, understood or written; one line that names the bag and the fix."""
