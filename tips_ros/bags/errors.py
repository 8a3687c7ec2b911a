# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with bags."""


class BagError(ValueError):
    """A bag that cannot be read, understood or written; one line that names the bag and the fix."""
