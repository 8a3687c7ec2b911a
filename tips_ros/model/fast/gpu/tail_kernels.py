# SPDX-License-Identifier: Apache-2.0
"""The end of a decoder in one kernel, for Triton: import this only where Triton is.

Nine maps, one for each tap of a 3×3 kernel, are upsampled ×2 (align_corners=True), shifted to
their places and added, in fp32 and without leaving the registers. What would come from beyond the
border is left out.
"""

# Annotations as they are, not as words: of words Triton 3.1's interpreter sees no constant.
import triton
import triton.language as tl


@triton.jit
def add_taps_kernel(
    taps,
    result,
    rows,
    columns,
    outputs,
    by_image,
    by_row,
    by_column,
    RELU: tl.constexpr,
    PIXELS: tl.constexpr,
    OUTPUTS: tl.constexpr,
):
    """Taps (B, rows, columns, 9·K and more) → (B, 2·rows, 2·columns, K), all K in one piece.

    With RELU their positive part.
    """
    line = tl.program_id(0)
    image, y = line // (2 * rows), line % (2 * rows)
    x = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    number = tl.program_id(2) * OUTPUTS + tl.arange(0, OUTPUTS)
    mask = (x < 2 * columns)[:, None] & (number < outputs)[None, :]
    start = taps + image.to(tl.int64) * by_image
    value = _add(
        start, y, x, number, mask, rows, columns, outputs, by_row, by_column, PIXELS, OUTPUTS
    )
    if RELU:
        value = tl.maximum(value, 0.0)
    place = (line.to(tl.int64) * 2 * columns + x) * outputs
    tl.store(result + place[:, None] + number[None, :], value.to(result.dtype.element_ty), mask)


@triton.jit
def sum_bins_kernel(
    taps,
    sums,
    rows,
    columns,
    outputs,
    by_image,
    by_row,
    by_column,
    least,
    step,
    SUMS: tl.constexpr,
    PIXELS: tl.constexpr,
    OUTPUTS: tl.constexpr,
):
    """The same, of which only sums over the outputs are written.

    They are Σ r c, Σ r and, of four, Σ r² and Σ r c².
    r is the positive part of an output, c its bin's centre: `least` + number · `step`, in metres.
    """
    line = tl.program_id(0)
    image, y = line // (2 * rows), line % (2 * rows)
    x = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    there = x < 2 * columns
    start = taps + image.to(tl.int64) * by_image
    weighted = tl.zeros([PIXELS], tl.float32)
    total = tl.zeros([PIXELS], tl.float32)
    squares = tl.zeros([PIXELS], tl.float32)
    far = tl.zeros([PIXELS], tl.float32)
    for first in range(0, outputs, OUTPUTS):
        number = first + tl.arange(0, OUTPUTS)
        mask = there[:, None] & (number < outputs)[None, :]
        value = _add(
            start, y, x, number, mask, rows, columns, outputs, by_row, by_column, PIXELS, OUTPUTS
        )
        value = tl.where(mask, tl.maximum(value, 0.0), 0.0)
        centers = (least + number.to(tl.float32) * step)[None, :]
        weighted += tl.sum(value * centers, axis=1)
        total += tl.sum(value, axis=1)
        squares += tl.sum(value * value, axis=1)
        far += tl.sum(value * centers * centers, axis=1)
    place = sums + (line.to(tl.int64) * 2 * columns + x) * SUMS
    tl.store(place, weighted, there)
    tl.store(place + 1, total, there)
    if SUMS == 4:
        tl.store(place + 2, squares, there)
        tl.store(place + 3, far, there)


@triton.jit
def _add(
    start,
    y,
    x,
    number,
    mask,
    rows,
    columns,
    outputs,
    by_row,
    by_column,
    PIXELS: tl.constexpr,
    OUTPUTS: tl.constexpr,
):
    """Adds the taps of some pixels of a row and some outputs, (PIXELS, OUTPUTS) fp32."""
    down_by = (rows - 1) / (2 * rows - 1)
    along_by = (columns - 1) / (2 * columns - 1)
    total = tl.zeros([PIXELS, OUTPUTS], tl.float32)
    for i in tl.static_range(3):
        at_row = y + i - 1 + tl.zeros([PIXELS], tl.int32)
        inside = (at_row >= 0) & (at_row < 2 * rows)
        at_y = tl.maximum(at_row, 0).to(tl.float32) * down_by
        above = tl.minimum(at_y.to(tl.int32), rows - 1)
        below = tl.minimum(above + 1, rows - 1)
        down = at_y - above.to(tl.float32)
        for j in tl.static_range(3):
            at_column = x + j - 1
            read = mask & (inside & (at_column >= 0) & (at_column < 2 * columns))[:, None]
            at_x = tl.maximum(at_column, 0).to(tl.float32) * along_by
            left = tl.minimum(at_x.to(tl.int32), columns - 1)
            right = tl.minimum(left + 1, columns - 1)
            along = (at_x - left.to(tl.float32))[:, None]
            of_tap = start + ((i * 3 + j) * outputs + number)[None, :]
            upper_left = of_tap + (above * by_row + left * by_column)[:, None]
            upper_right = of_tap + (above * by_row + right * by_column)[:, None]
            lower_left = of_tap + (below * by_row + left * by_column)[:, None]
            lower_right = of_tap + (below * by_row + right * by_column)[:, None]
            a = tl.load(upper_left, read, other=0.0).to(tl.float32)
            b = tl.load(upper_right, read, other=0.0).to(tl.float32)
            c = tl.load(lower_left, read, other=0.0).to(tl.float32)
            d = tl.load(lower_right, read, other=0.0).to(tl.float32)
            upper = (1 - along) * a + along * b
            lower = (1 - along) * c + along * d
            total += (1 - down[:, None]) * upper + down[:, None] * lower
    return total
