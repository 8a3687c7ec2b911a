# SPDX-License-Identifier: Apache-2.0
"""The parameters of the model: which one, where and how it computes."""

from __future__ import annotations

from tips_ros.perception.loading.backends import BACKENDS
from tips_ros.perception.loading.load import DEMO
from tips_ros.perception.loading.precisions import AUTO, PRECISION_NAMES
from tips_ros.ros.parameters.declaration import ParameterSpec

MODEL_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "model",
        DEMO,
        "at configure",
        "",
        f"Model: {DEMO}, the small one that comes along; a released one such as tipsv2-b14 "
        "(`tips_ros download --list`); google/tipsv2-… of the Hub's local cache; or a directory "
        "of model files.",
    ),
    ParameterSpec(
        "device", "auto", "at configure", "", "Device as torch names it: auto, cpu, cuda:0."
    ),
    ParameterSpec(
        "precision",
        AUTO,
        "at configure",
        "",
        "Number format of weights and activations. auto is bf16 where the GPU or CPU has it, fp16 "
        "on a GPU that has only that, and fp32 elsewhere. int8, on a CPU with AVX-512 VNNI, is the "
        "image encoder's linear layers, all else being bf16 where the processor has it.",
        choices=PRECISION_NAMES,
    ),
    ParameterSpec(
        "backend",
        "auto",
        "at configure",
        "",
        "Backend that computes the model: torch, graphs (torch's steps of a whole frame as one "
        "CUDA graph), torch compiled (a CUDA graph for each part, no gain on a CPU), or an engine "
        "that is installed besides. auto is graphs on a GPU, elsewhere torch. An engine or a "
        "precision whose outputs differ from those of torch in fp32 is refused; /diagnostics "
        "gives the reason.",
        choices=BACKENDS,
    ),
    ParameterSpec(
        "input_height",
        0,
        "at configure",
        "px",
        "Height of the network's input, a multiple of 14; 0 is the model's own.",
        low=0,
        high=8400,
    ),
    ParameterSpec(
        "input_width",
        0,
        "at configure",
        "px",
        "Width of the network's input, a multiple of 14; 0 is the model's own.",
        low=0,
        high=8400,
    ),
)
