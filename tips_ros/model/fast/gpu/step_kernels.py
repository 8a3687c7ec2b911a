# SPDX-License-Identifier: Apache-2.0
"""Steps between products of matrices in one kernel each, for Triton: import this only where it is.

Each reads and writes every number once; sums are fp32 until they are written.
"""

# Annotations as they are, not as words: of words Triton 3.1's interpreter sees no constant.
import triton
import triton.language as tl


@triton.jit
def add_norm_kernel(
    tokens,
    change,
    gamma,
    weight,
    bias,
    moved,
    normed,
    width,
    epsilon,
    WIDTH: tl.constexpr,
):
    """Tokens + change · gamma, a row each, and the layer norm of that; all (rows, width)."""
    number = tl.arange(0, WIDTH)
    there = number < width
    at = tl.program_id(0).to(tl.int64) * width + number
    old = tl.load(tokens + at, there, other=0.0).to(tl.float32)
    step = tl.load(change + at, there, other=0.0).to(tl.float32)
    gain = tl.load(gamma + number, there, other=0.0).to(tl.float32)
    # As the next step would read it.
    new = (old + step * gain).to(moved.dtype.element_ty)
    tl.store(moved + at, new, there)
    value = new.to(tl.float32)
    mean = tl.sum(value, axis=0) / width
    off = tl.where(there, value - mean, 0.0)
    scale = 1.0 / tl.sqrt(tl.sum(off * off, axis=0) / width + epsilon)
    factor = tl.load(weight + number, there, other=0.0).to(tl.float32)
    added = tl.load(bias + number, there, other=0.0).to(tl.float32)
    result = off * scale * factor + added
    tl.store(normed + at, result.to(normed.dtype.element_ty), there)


@triton.jit
def grow_add_kernel(
    coarse,
    bias,
    one,
    other,
    total,
    active,
    rows,
    columns,
    channels,
    PIXELS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Upsamples ×2 (align_corners=True), adds a bias and two maps; that, and its positive part.

    coarse (B, rows, columns, channels), the others (B, 2·rows, 2·columns, channels) in one piece.
    """
    line = tl.program_id(0)
    image, y = line // (2 * rows), line % (2 * rows)
    x = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    number = tl.program_id(2) * CHANNELS + tl.arange(0, CHANNELS)
    mask = (x < 2 * columns)[:, None] & (number < channels)[None, :]
    at_y = y.to(tl.float32) * ((rows - 1) / (2 * rows - 1))
    at_x = x.to(tl.float32) * ((columns - 1) / (2 * columns - 1))
    above = tl.minimum(at_y.to(tl.int32), rows - 1)
    below = tl.minimum(above + 1, rows - 1)
    left = tl.minimum(at_x.to(tl.int32), columns - 1)
    right = tl.minimum(left + 1, columns - 1)
    down = at_y - above.to(tl.float32)
    along = (at_x - left.to(tl.float32))[:, None]
    start = coarse + image.to(tl.int64) * rows * columns * channels
    upper, lower = start + above * columns * channels, start + below * columns * channels
    a = tl.load(upper + (left * channels)[:, None] + number[None, :], mask, other=0.0)
    b = tl.load(upper + (right * channels)[:, None] + number[None, :], mask, other=0.0)
    c = tl.load(lower + (left * channels)[:, None] + number[None, :], mask, other=0.0)
    d = tl.load(lower + (right * channels)[:, None] + number[None, :], mask, other=0.0)
    value = (1 - down) * ((1 - along) * a.to(tl.float32) + along * b.to(tl.float32))
    value += down * ((1 - along) * c.to(tl.float32) + along * d.to(tl.float32))
    value += tl.load(bias + number, number < channels, other=0.0).to(tl.float32)[None, :]
    place = (line.to(tl.int64) * 2 * columns * channels + x * channels)[:, None] + number[None, :]
    value += tl.load(one + place, mask, other=0.0).to(tl.float32)
    value += tl.load(other + place, mask, other=0.0).to(tl.float32)
    tl.store(total + place, value.to(total.dtype.element_ty), mask)
    tl.store(active + place, tl.maximum(value, 0.0).to(active.dtype.element_ty), mask)


@triton.jit
def sum_logits_kernel(
    logits,
    sums,
    pixels,
    bins,
    least,
    step,
    SUMS: tl.constexpr,
    PIXELS: tl.constexpr,
    BINS: tl.constexpr,
):
    """Logits (pixels, bins) → Σ r c, Σ r and, of four, Σ r² and Σ r c², fp32.

    r is the positive part of a logit, c its bin's centre: `least` + number · `step`, in metres.
    """
    at = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    there = at < pixels
    start = logits + at.to(tl.int64)[:, None] * bins
    weighted = tl.zeros([PIXELS, BINS], tl.float32)
    total = tl.zeros([PIXELS, BINS], tl.float32)
    squares = tl.zeros([PIXELS, BINS], tl.float32)
    far = tl.zeros([PIXELS, BINS], tl.float32)
    for first in range(0, bins, BINS):
        number = first + tl.arange(0, BINS)
        mask = there[:, None] & (number < bins)[None, :]
        value = tl.load(start + number[None, :], mask, other=0.0).to(tl.float32)
        value = tl.maximum(value, 0.0)
        centers = (least + number.to(tl.float32) * step)[None, :]
        weighted += value * centers
        total += value
        squares += value * value
        far += value * centers * centers
    place = sums + at * SUMS
    tl.store(place, tl.sum(weighted, axis=1), there)
    tl.store(place + 1, tl.sum(total, axis=1), there)
    if SUMS == 4:
        tl.store(place + 2, tl.sum(squares, axis=1), there)
        tl.store(place + 3, tl.sum(far, axis=1), there)
