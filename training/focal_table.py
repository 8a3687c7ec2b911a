# SPDX-License-Identifier: Apache-2.0
"""A table of depth errors on wide and narrow cameras, with and without focal correction.

./run exec python -m training.render_held_out build/focal --hfov 50 63 90 110 --scenes 100
./run exec python -m training.focal_table build/focal
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from tips_ros.evaluation.datasets.rendered import Rendered
from tips_ros.evaluation.evaluation import evaluate
from tips_ros.perception.loading.load import load_predictor


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with a folder hfov_DEGREES for each camera")
    parser.add_argument("--model", default="demo")
    args = parser.parse_args()
    predictor = load_predictor(args.model, precision="fp32")
    predict = partial(predictor.predict, outputs=("depth",))
    folders = sorted(args.folder.glob("hfov_*"), key=_degrees)
    if not folders:
        parser.error(f"{args.folder} has no folder hfov_…; make them with training.render_held_out")
    rows = []
    for folder in folders:
        results = evaluate(predict, Rendered(folder), predictor.description, {})
        assert results.depth is not None and results.depth_with_focal is not None
        errors = [part.errors.abs_rel for part in (results.depth, results.depth_with_focal)]
        rows.append((_degrees(folder), results.depth.images, *errors))
    print(f"{'hfov':>6}{'images':>8}{'AbsRel':>10}{'with focal correction':>24}")
    for degrees, images, plain, corrected in rows:
        print(f"{degrees:>5.0f}°{images:>8}{plain:>10.3f}{corrected:>24.3f}")
    spread = [max(column) - min(column) for column in list(zip(*rows, strict=True))[2:]]
    print(f"largest − smallest: {spread[0]:.3f}, with correction {spread[1]:.3f}")


def _degrees(folder: Path) -> float:
    return float(folder.name.removeprefix("hfov_"))


if __name__ == "__main__":
    main()
