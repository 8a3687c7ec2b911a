# SPDX-License-Identifier: Apache-2.0
"""The model of a configured node, as its parameters say, and what it can be asked for."""

from __future__ import annotations

import gc
import logging
from typing import NamedTuple

import torch

from tips_ros.catalogue import real_world_advice
from tips_ros.model.compute_thread import compute
from tips_ros.perception.image_request import Output
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.perception.predictor import Predictor
from tips_ros.process.freed_memory import give_back_freed_memory
from tips_ros.ros.inputs.silence_advice import for_launch
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.parameters.node import ParameterNode

logger = logging.getLogger(__name__)


class LoadedModel(NamedTuple):
    """A model and the encoder of its prompts."""

    predictor: Predictor
    encoder: PromptEncoder

    @property
    def outputs(self) -> set[Output]:
        """All outputs that it may be asked for.

        Raises:
            ValueError: there are none.
        """
        available: set[Output] = {*self.predictor.outputs}
        if self.encoder.available:
            available.add("semantic")
        if not available:
            raise ValueError(
                f"model {self.predictor.description.name} has no dense heads (TIPS v1 was released "
                "without) and no text encoder, so there is nothing to publish; take a tipsv2 model"
            )
        return available


def load_model(node: ParameterNode) -> LoadedModel:
    """Loads the model that the parameters of a node name; errors: see `load_predictor`."""
    name = parameters.value(node, "model")
    predictor = compute(
        load_predictor,
        name,
        device=parameters.value(node, "device"),
        precision=parameters.value(node, "precision"),
        input_size=parameters.input_size(node),
        backend=parameters.value(node, "backend"),
    )
    if caution := predictor.description.caution:
        advice = real_world_advice("-p model:=") + for_launch("without -p")
        logger.info("%s; %s", caution, advice)
    return LoadedModel(predictor, PromptEncoder(name, width=predictor.description.vit.width))


def give_back_memory() -> None:
    """Gives back to the system and the GPU what a model held that nobody has any more."""
    gc.collect()
    give_back_freed_memory()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
