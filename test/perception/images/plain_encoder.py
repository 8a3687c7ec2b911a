# SPDX-License-Identifier: Apache-2.0
"""A picture in every encoding, written by plain numpy."""

from __future__ import annotations

import numpy as np

from tips_ros.perception.images.encodings import (
    SUPPORTED_ENCODINGS,
)

HEIGHT, WIDTH = 6, 10


GREY = ("mono8", "8UC1", "mono16", "16UC1")


PACKED_CHANNELS = {
    "rgb8": "RGB", "bgr8": "BGR", "rgba8": "RGBA", "bgra8": "BGRA", "8UC3": "BGR", "8UC4": "BGRA",
    "rgb16": "RGB", "bgr16": "BGR", "rgba16": "RGBA", "bgra16": "BGRA",
}  # fmt: skip


BAYER = tuple(e for e in SUPPORTED_ENCODINGS if e.startswith("bayer_"))


YUV = ("uyvy", "yuv422", "yuyv", "yuv422_yuy2", "nv12", "nv21", "nv24")


SIXTEEN_BIT = tuple(e for e in SUPPORTED_ENCODINGS if e.endswith("16") or e == "16UC1")


def a_picture(encoding):
    """An RGB picture that survives the encoding: chroma is shared by 2x2 pixels, grey is grey."""
    rng = np.random.default_rng(7)
    if encoding in BAYER:
        return np.broadcast_to(np.uint8([200, 120, 30]), (HEIGHT, WIDTH, 3))
    if encoding in GREY:
        return np.repeat(rng.integers(0, 256, (HEIGHT, WIDTH, 1), dtype=np.uint8), 3, axis=2)
    if encoding in YUV:
        blocks = rng.integers(40, 200, (HEIGHT // 2, WIDTH // 2, 3), dtype=np.uint8)
        return blocks.repeat(2, axis=0).repeat(2, axis=1)
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def bt601(rgb):
    """RGB to limited-range Y, U, V, straight from the standard's definition."""
    r, g, b = np.moveaxis(rgb.astype(float) / 255, -1, 0)
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    yuv = 16 + 219 * luma, 128 + 112 * (b - luma) / 0.886, 128 + 112 * (r - luma) / 0.701
    return [np.rint(plane).astype(np.uint8) for plane in yuv]


def encoded_rows(rgb, encoding):
    """The rows of samples as the encoding lays them out; (rows, samples)."""
    height, width, _ = rgb.shape
    if encoding in GREY:
        samples = rgb[..., 0]
    elif encoding in PACKED_CHANNELS:
        alpha = np.full((height, width), 17, np.uint8)
        planes = {"R": rgb[..., 0], "G": rgb[..., 1], "B": rgb[..., 2], "A": alpha}
        samples = np.stack([planes[c] for c in PACKED_CHANNELS[encoding]], axis=-1)
    elif encoding in BAYER:
        samples = np.empty((height, width), np.uint8)
        for i, colour in enumerate(encoding[6:10]):
            corner = np.s_[i // 2 :: 2, i % 2 :: 2]
            samples[corner] = rgb[corner][..., "rgb".index(colour)]
    else:
        return yuv_rows(*bt601(rgb), encoding)
    if encoding in SIXTEEN_BIT:
        samples = samples.astype(np.uint16) * 257
    return samples.reshape(height, -1)


def yuv_rows(y, u, v, encoding):
    """Planes (H, W) of luma and chroma as the encoding lays them out; (rows, samples)."""
    height, width = y.shape
    if encoding in ("uyvy", "yuv422", "yuyv", "yuv422_yuy2"):
        quads = [u[:, ::2], y[:, ::2], v[:, ::2], y[:, 1::2]]
        if encoding.startswith("yuy") or encoding.endswith("yuy2"):
            quads = [quads[1], quads[0], quads[3], quads[2]]
        return np.stack(quads, axis=-1).reshape(height, -1)
    if encoding == "nv24":
        return np.vstack([y, np.stack([u, v], axis=-1).reshape(2 * height, width)])
    pair = [u[::2, ::2], v[::2, ::2]]
    if encoding == "nv21":
        pair.reverse()
    return np.vstack([y, np.stack(pair, axis=-1).reshape(height // 2, width)])


def packed_bytes(rows, padding=0, big_endian=False):
    """The rows as (bytes, step), with junk after each row and in the wanted byte order."""
    if rows.dtype.itemsize == 2:
        rows = rows.astype(">u2" if big_endian else "<u2")
    raw = np.ascontiguousarray(rows).view(np.uint8)
    junk = np.full((len(raw), padding), 0xEE, np.uint8)
    return np.hstack([raw, junk]).tobytes(), raw.shape[1] + padding


def assert_same(decoded, rgb, tolerance=0):
    assert decoded.dtype == np.uint8
    assert decoded.shape == rgb.shape
    np.testing.assert_allclose(decoded.astype(int), rgb.astype(int), atol=tolerance)
