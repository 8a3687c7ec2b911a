# SPDX-License-Identifier: Apache-2.0
"""The error of directories of images and truth."""


class DatasetError(ValueError):
    """Data that cannot be read or understood; one line that names the file and the fix."""
