# SPDX-License-Identifier: Apache-2.0
"""Labels of a frame in two kernels, for Triton: import this only where Triton is.

The first finds, for every pixel of the logits, how likely its two likeliest classes are. The second
finds the best class of each pixel of the picture, and its margin between the four pixels around it.
Nothing of the picture's size is written but the two results.
"""

# Annotations as they are, not as words: of words Triton 3.1's interpreter sees no constant.
import triton
import triton.language as tl


@triton.jit
def summarise_kernel(
    logits,
    shares,
    lead,
    pixels,
    width,
    inside,
    classes,
    by_image,
    by_class,
    by_row,
    by_column,
    PIXELS: tl.constexpr,
    CLASSES: tl.constexpr,
):
    """Logits of each pixel → its best class, and three shares of the softmax.

    shares (3, pixels) fp32: p of the best class, p of the second, ln Σ exp; lead (pixels,) int32.
    `inside` is h·w, `pixels` B·h·w.
    """
    at = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    there = at < pixels
    place = at % inside
    start = (at // inside).to(tl.int64) * by_image + (place // width) * by_row
    start += (place % width) * by_column
    first = tl.full([PIXELS], float("-inf"), tl.float32)
    second = tl.full([PIXELS], float("-inf"), tl.float32)
    total = tl.zeros([PIXELS], tl.float32)
    best = tl.zeros([PIXELS], tl.int32)
    for k in range(0, classes, CLASSES):
        number = k + tl.arange(0, CLASSES)
        mask = there[:, None] & (number < classes)[None, :]
        value = tl.load(
            logits + start[:, None] + number[None, :] * by_class, mask, other=float("-inf")
        ).to(tl.float32)
        value = tl.where(there[:, None], value, tl.where(number == 0, 0.0, float("-inf"))[None, :])
        largest = tl.max(value, axis=1)
        which = k + tl.argmax(value, axis=1)
        others = tl.where(number[None, :] == which[:, None], float("-inf"), value)
        next_largest = tl.max(others, axis=1)
        ahead = largest > first
        top = tl.maximum(first, largest)
        second = tl.maximum(tl.minimum(first, largest), tl.maximum(second, next_largest))
        total = total * tl.exp(first - top) + tl.sum(tl.exp(value - top[:, None]), axis=1)
        best = tl.where(ahead, which.to(tl.int32), best)
        first = top
    tl.store(shares + at, 1.0 / total, there)
    tl.store(shares + pixels + at, tl.exp(second - first) / total, there)
    tl.store(shares + 2 * pixels + at, first + tl.log(total), there)
    tl.store(lead + at, best, there)


@triton.jit
def label_kernel(
    logits,
    shares,
    lead,
    labels,
    confidence,
    pixels,
    height,
    width,
    inside,
    rows,
    columns,
    classes,
    by_image,
    by_class,
    by_row,
    by_column,
    FILLED: tl.constexpr,
    PIXELS: tl.constexpr,
    CLASSES: tl.constexpr,
):
    """The best class of each pixel of a picture (rows, columns), and its margin in bytes.

    FILLED: whether up to a multiple of CLASSES can be read at each pixel, so that none is asked.
    """
    line = tl.program_id(0)
    image, y = line // rows, line % rows
    x = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    there = x < columns
    at_y = tl.maximum((y.to(tl.float32) + 0.5) * (height / rows) - 0.5, 0.0)
    at_x = tl.maximum((x.to(tl.float32) + 0.5) * (width / columns) - 0.5, 0.0)
    above = tl.minimum(at_y.to(tl.int32), height - 1)
    below = tl.minimum(above + 1, height - 1)
    left = tl.minimum(at_x.to(tl.int32), width - 1)
    right = tl.minimum(left + 1, width - 1)
    down = at_y - above.to(tl.float32)
    along = at_x - left.to(tl.float32)
    start = logits + image.to(tl.int64) * by_image
    above_left = start + above * by_row + left * by_column
    above_right = start + above * by_row + right * by_column
    below_left = start + below * by_row + left * by_column
    below_right = start + below * by_row + right * by_column
    # Of each place among CLASSES apart: they are compared with each other once, at the end.
    most = tl.full([PIXELS, CLASSES], float("-inf"), tl.float32)
    which = tl.zeros([PIXELS, CLASSES], tl.int32)
    for k in range(0, classes, CLASSES):
        number = k + tl.arange(0, CLASSES)
        known = (number < classes)[None, :]
        mask = there[:, None] if FILLED else there[:, None] & known
        step = number[None, :] * by_class
        a = tl.load(above_left[:, None] + step, mask, other=0.0).to(tl.float32)
        b = tl.load(above_right[:, None] + step, mask, other=0.0).to(tl.float32)
        c = tl.load(below_left[:, None] + step, mask, other=0.0).to(tl.float32)
        d = tl.load(below_right[:, None] + step, mask, other=0.0).to(tl.float32)
        share = along[:, None]
        value = (1 - down) * ((1 - share) * a + share * b) + down * ((1 - share) * c + share * d)
        value = tl.where(known, value, float("-inf"))
        which = tl.where(value > most, number[None, :], which)
        most = tl.maximum(most, value)
    # Of several that are as likely the first.
    largest = tl.max(most, axis=1)
    best = tl.min(tl.where(most == largest[:, None], which, classes), axis=1)
    best = tl.minimum(best, classes - 1)
    upper = image * inside + above * width
    lower = image * inside + below * width
    a = _margin(above_left, shares, lead, pixels, upper + left, best, by_class, there)
    b = _margin(above_right, shares, lead, pixels, upper + right, best, by_class, there)
    c = _margin(below_left, shares, lead, pixels, lower + left, best, by_class, there)
    d = _margin(below_right, shares, lead, pixels, lower + right, best, by_class, there)
    margin = (1 - down) * ((1 - along) * a + along * b) + down * ((1 - along) * c + along * d)
    sure = tl.floor(tl.minimum(tl.maximum(margin * 255.0, 0.0), 255.0) + 0.5)
    out = line.to(tl.int64) * columns + x
    tl.store(labels + out, best.to(tl.uint8), there)
    tl.store(confidence + out, sure.to(tl.uint8), there)


@triton.jit
def _margin(corner, shares, lead, pixels, at, best, by_class, there):
    """p(best) − max p(other) at a pixel of the logits."""
    logit = tl.load(corner + best * by_class, there, other=0.0).to(tl.float32)
    first = tl.load(shares + at, there, other=1.0)
    second = tl.load(shares + pixels + at, there, other=0.0)
    log_total = tl.load(shares + 2 * pixels + at, there, other=0.0)
    leads = tl.load(lead + at, there, other=0) == best
    return tl.where(leads, first - second, tl.exp(logit - log_total) - first)
