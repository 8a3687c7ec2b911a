# SPDX-License-Identifier: Apache-2.0
"""Picture files that a user names."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.errors import UserError
from tips_ros.perception.images.compressed import decode_picture_file
from tips_ros.perception.images.orientation import orientation_of, rotate_upright_by_tag
from tips_ros.perception.images.rows import MalformedImage
from tips_ros.perception.images.stream import ImageStream


class PictureFile(NamedTuple):
    """The pixels of a file and how they are to be seen."""

    stored: NDArray[np.uint8]  # (H, W, 3) RGB
    orientation: int = 1  # see `orientation`

    @property
    def upright(self) -> NDArray[np.uint8]:
        """(H, W, 3) or (W, H, 3) RGB, as the file says that it is to be seen."""
        return rotate_upright_by_tag(self.stored, self.orientation)


def read_picture(path: Path) -> PictureFile:
    """Reads any picture file that OpenCV reads.

    Raises:
        UserError: it is not there, or not a whole picture.
    """
    try:
        data = path.read_bytes()
        stored = decode_picture_file(data, ImageStream(str(path)))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; name a picture") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except MalformedImage as error:
        raise UserError(
            f"{path}: not a whole picture that OpenCV reads; convert it to PNG or JPEG"
        ) from error
    return PictureFile(stored, orientation_of(data))
