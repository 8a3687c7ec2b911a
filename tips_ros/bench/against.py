# SPDX-License-Identifier: Apache-2.0
"""Our model and transformers' take turns on one image with one set of weights."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.bench.bench_pictures import views
from tips_ros.bench.cases import Case
from tips_ros.bench.differences import Differences, Outcome, differences
from tips_ros.bench.memory import Peak, PeakMeter
from tips_ros.bench.stages import Rounds
from tips_ros.bench.timing import Ratio, TimeSpread, ratio, spread, take_turns
from tips_ros.bench.transformers_model import TransformersModel
from tips_ros.model.tips import HEAD_NAMES, DenseMaps
from tips_ros.perception.loading.precisions import FLOATS
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.preprocess import network_input

logger = logging.getLogger(__name__)

Scope = Literal["model", "image"]
OURS = "tips_ros"
ABOUT: dict[Scope, str] = {
    "model": "network and heads: a tensor in, maps out",
    "image": "a picture in, depth, normals and labels of its size out, on the host",
}


@dataclass(frozen=True)
class Opponents:
    """Variants of transformers' model that take part.

    Attributes:
        precisions: of theirs.
        compile: torch.compile's mode for a second one of each; None for none.
    """

    precisions: Sequence[str] = ("fp32",)
    compile: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Result of comparing one case.

    Attributes:
        case: what was measured.
        variant: of the model.
        trained: False for random weights.
        input_size: (h, w) that the network saw.
        device: where it ran.
        rounds_ms: for each scope and contender the milliseconds of each round; those with the
            same index belong together.
        memory: of one image's work, for each contender; all of them are in memory.
        differences: of each contender to transformers in fp32, uncompiled.
    """

    case: Case
    variant: str
    trained: bool
    input_size: tuple[int, int]
    device: str
    rounds_ms: Mapping[Scope, Mapping[str, Sequence[float]]]
    memory: Mapping[str, Peak]
    differences: Mapping[str, Differences]

    def spreads(self, scope: Scope) -> dict[str, TimeSpread]:
        """Times of each contender."""
        return {name: spread(times) for name, times in self.rounds_ms[scope].items()}

    def ratios(self, scope: Scope) -> dict[str, Ratio]:
        """Times of each of theirs as multiples of ours."""
        rounds = self.rounds_ms[scope]
        return {name: ratio(times, rounds[OURS]) for name, times in rounds.items() if name != OURS}

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "benchmark": "against transformers",
            "case": asdict(self.case),
            "variant": self.variant,
            "weights": "trained" if self.trained else "random",
            "input_size": self.input_size,
            "device": self.device,
            "rounds_ms": {
                scope: {name: [round(ms, 3) for ms in times] for name, times in rounds.items()}
                for scope, rounds in self.rounds_ms.items()
            },
            "spreads": {
                scope: {name: times._asdict() for name, times in self.spreads(scope).items()}
                for scope in self.rounds_ms
            },
            "times_as_long_as_ours": {
                scope: {name: times._asdict() for name, times in self.ratios(scope).items()}
                for scope in self.rounds_ms
            },
            "memory_mib": {name: peak._asdict() for name, peak in self.memory.items()},
            "differences": {name: d._asdict() for name, d in self.differences.items()},
        }


def compare(
    case: Case,
    predictor: Predictor,
    module: Any,
    picture: NDArray[np.uint8],
    rounds: Rounds,
    opponents: Opponents,
) -> Comparison:
    """Lets them take turns.

    Args:
        case: what to measure; of its cameras, `image` takes the first alone.
        predictor: ours.
        module: theirs, as of `transformers_module` of the same weights.
        picture: what the cameras see, RGB of any size.
        rounds: how often.
        opponents: which of theirs.
    """
    rgbs = views(picture, case.image, case.cameras)
    device, size = predictor.device, predictor.input_size
    reference_model = TransformersModel(copy.deepcopy(module), device, torch.float32, size)
    reference = _theirs_outcome(reference_model, rgbs[0])
    found = {OURS: differences(_our_outcome(predictor, rgbs[0]), reference)}
    models: dict[Scope, dict[str, Callable[[], object]]] = {"model": {}, "image": {}}
    models["model"][OURS] = _our_maps(predictor, _batch(rgbs, size, device, predictor.dtype))
    models["image"][OURS] = lambda: predictor.predict(rgbs[0])
    for name, theirs in _contenders(module, reference_model, opponents, rgbs[0]).items():
        found[name] = differences(_theirs_outcome(theirs, rgbs[0]), reference)
        models["model"][name] = _their_maps(theirs, _batch(rgbs, size, device, theirs.dtype))
        models["image"][name] = _their_arrays(theirs, rgbs[0])
    del reference_model  # unless it takes part, the room is needed
    times: dict[Scope, dict[str, list[float]]] = {
        scope: take_turns(contenders, rounds.count, rounds.warm_up, device)
        for scope, contenders in models.items()
    }
    return Comparison(
        case=case,
        variant=predictor.description.variant,
        trained=predictor.description.trained,
        input_size=size,
        device=str(device),
        rounds_ms=times,
        memory={name: _peak_of(work, device) for name, work in models["image"].items()},
        differences=found,
    )


def _contenders(
    module: Any, reference: TransformersModel, opponents: Opponents, rgb: NDArray[np.uint8]
) -> dict[str, TransformersModel]:
    """Those of theirs that run here; one that can't be compiled is named and left out."""
    found: dict[str, TransformersModel] = {}
    for precision in opponents.precisions:
        name = f"transformers {precision}"
        if precision == "fp32":
            found[name] = reference
        else:
            found[name] = _model_in(precision, module, reference)
        if opponents.compile is None:
            continue
        compiled = _model_in(precision, module, reference)
        try:
            compiled.compile(opponents.compile)
            compiled.arrays(rgb)  # now the compiler works
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            logger.warning("%s is not compared compiled, which fails here: %s", name, reason)
            continue
        found[f"{name} compiled"] = compiled
    return found


def _model_in(precision: str, module: Any, like: TransformersModel) -> TransformersModel:
    copied = copy.deepcopy(module)
    return TransformersModel(copied, like.device, FLOATS[precision], like.input_size)


def _batch(
    rgbs: Sequence[NDArray[np.uint8]],
    size: tuple[int, int],
    device: torch.device,
    dtype: torch.dtype,
) -> Tensor:
    return torch.cat([network_input(rgb, size, device, dtype) for rgb in rgbs])


def _our_maps(predictor: Predictor, images: Tensor) -> Callable[[], DenseMaps]:
    @torch.inference_mode()
    def maps() -> DenseMaps:
        return predictor.model(images, HEAD_NAMES)

    return maps


def _their_maps(theirs: TransformersModel, images: Tensor) -> Callable[[], DenseMaps]:
    return lambda: theirs.maps(images)


def _their_arrays(theirs: TransformersModel, rgb: NDArray[np.uint8]) -> Callable[[], object]:
    return lambda: theirs.arrays(rgb)


def _our_outcome(predictor: Predictor, rgb: NDArray[np.uint8]) -> Outcome:
    images = _batch([rgb], predictor.input_size, predictor.device, predictor.dtype)
    labels = predictor.predict(rgb, ["semantic"]).labels
    assert labels is not None
    ids = predictor.model_label_space.classes.ids
    index_of_id = np.zeros(256, np.uint8)
    index_of_id[list(ids)] = np.arange(len(ids))
    return Outcome(_our_maps(predictor, images)(), index_of_id[labels])


def _theirs_outcome(theirs: TransformersModel, rgb: NDArray[np.uint8]) -> Outcome:
    images = _batch([rgb], theirs.input_size, theirs.device, theirs.dtype)
    labels = theirs.arrays(rgb)[-1]
    return Outcome(theirs.maps(images), labels)  # last: a CUDA graph's next run overwrites them


def _peak_of(work: Callable[[], object], device: torch.device) -> Peak:
    work()
    meter = PeakMeter(device)
    work()
    return meter.read(1)
