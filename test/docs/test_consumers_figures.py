# SPDX-License-Identifier: Apache-2.0
"""Figures of docs/consumers.md, worked out anew: what other programs make of the outputs."""

from __future__ import annotations

import base64
import re
from collections import deque
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from tips_ros.bags import BagReader
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.point_cloud import organised_cloud
from tips_ros.perception.cloud.point_cloud_filters import filter_cloud
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.prediction import Prediction
from tips_ros.resources import sample_bag

from .pages import SOURCE

PAGE = " ".join((SOURCE / "docs" / "consumers.md").read_text(encoding="utf-8").split())
# What compressed_depth_image_transport does with 32FC1 unless told otherwise.
DEPTH_MAX, QUANTIZATION = 10.0, 100.0


def said(pattern: str) -> tuple[str, ...]:
    found = re.search(pattern, PAGE)
    assert found, f"the page no longer says: {pattern}"
    return found.groups()


@pytest.fixture(scope="module")
def seen() -> Prediction:
    """The demo model's prediction for the sample bag's first picture."""
    with BagReader(sample_bag()) as bag:
        image = next(m for m in bag.messages() if "CompressedImage" in m.type)
        pixels = np.frombuffer(bag.deserialize(image).data, np.uint8)
    bgr = cv2.imdecode(pixels, cv2.IMREAD_COLOR)
    return load_predictor("demo").predict(np.ascontiguousarray(bgr[..., ::-1]))


def test_depth_of_a_bent_lens_taken_for_a_pinhole_s():
    k1, k2, across, median, corner = said(
        r"k1 of (−[\d.]+) \(k2 ([\d.]+), (\d+)° across\) by (\d+) % .*?median, (\d+) % in the"
    )
    width, height = 320, 240
    camera = Intrinsics.from_hfov(float(across), width, height)
    k = camera.matrix().ravel().tolist()
    lens = Lens.from_camera_info(
        SimpleNamespace(
            width=width, height=height, k=k, r=np.eye(3).ravel().tolist(),
            p=[*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0], distortion_model="plumb_bob",
            d=[float(k1.replace("−", "-")), float(k2), 0.0, 0.0, 0.0], binning_x=0, binning_y=0,
            roi=SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0, do_rectify=False),
        )
    )  # fmt: skip
    v, u = np.mgrid[:height, :width]
    theirs = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy], -1)
    off = np.linalg.norm(theirs - lens.rays(), axis=-1)  # of the distance along z
    assert 100 * np.median(off) == pytest.approx(float(median), abs=0.6)
    assert 100 * off.max() == pytest.approx(float(corner), abs=0.6)


@pytest.mark.slow
def test_a_mask_through_jpeg(seen: Prediction):
    quality, share = said(r"quality of (\d+), every (\w+) pixel changes its class")
    _, packed = cv2.imencode(".jpg", seen.labels, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    changed = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE) != seen.labels
    words = {"tenth": 10, "twelfth": 12, "twentieth": 20}
    assert 1 / changed.mean() == pytest.approx(words[share], rel=0.25)
    _, packed = cv2.imencode(".png", seen.labels)
    assert (cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE) == seen.labels).all()


def test_voxels_of_a_room(seen: Prediction):
    cm, share = said(r"with voxels of (\d+) cm is a (\w+) of `~/points`")
    height, width = seen.depth_m.shape
    intrinsics = Intrinsics.from_hfov(63.3, width, height)
    cloud = organised_cloud(seen.depth_m, intrinsics, labels=seen.labels)
    thin = filter_cloud(cloud, voxel_m=int(cm) / 100)
    assert cloud.nbytes / thin.nbytes == pytest.approx({"twentieth": 20}[share], rel=0.25)


def test_how_near_compressed_depth_can_be_and_what_is_far():
    least, most = said(r"saturates below ([\d.]+) m and .*? `depth_max` \((\d+) m unless set\)")
    a = QUANTIZATION * (QUANTIZATION + 1)
    b = 1 - a / DEPTH_MAX
    assert float(least) == pytest.approx(a / (np.iinfo(np.uint16).max - b), abs=0.005)
    assert float(most) == DEPTH_MAX


def test_bytes_in_json_are_a_third_larger():
    assert "base64 texts a third larger" in PAGE
    data = bytes(640 * 480 * 4)
    assert len(base64.b64encode(data)) / len(data) == pytest.approx(4 / 3, abs=0.001)


@pytest.mark.parametrize("queue", [5, 10, 15, 16, 30])
def test_a_queue_that_pairs_pictures_with_their_depth(queue: int):
    """As a TimeSynchronizer: of each topic the newest messages are kept, and stamps compared."""
    rate, latency, needed, safe, little, also = said(
        r"At (\d+) pictures a second and a latency of ([\d.]+) s that is (\d+), so (\d+) to be "
        r"safe. A queue of (\d+) has dropped each .*? a queue of (\d+) as well"
    )
    behind = round(int(rate) * float(latency))
    assert behind == int(needed)
    kept: deque[int] = deque(maxlen=queue)
    paired = 0
    for picture in range(300):
        kept.append(picture)
        paired += picture - behind in kept  # its depth comes now
    if queue in (int(little), int(also)) or queue <= int(needed):
        assert paired == 0
    else:
        assert queue <= int(safe) and paired == 300 - behind
