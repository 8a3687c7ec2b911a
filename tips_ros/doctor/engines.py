# SPDX-License-Identifier: Apache-2.0
"""The backends that can compute a model here, by their names for `--backend`."""

from __future__ import annotations

import os
import shutil

import torch

from tips_ros.doctor.findings import Finding, Status
from tips_ros.libraries import is_here, pip_install
from tips_ros.model.engines import EngineUnavailable
from tips_ros.model.engines.onnxruntime_engine import CPU, import_onnxruntime
from tips_ros.model.engines.openvino_engine import import_openvino

_COMPILERS = ("g++", "c++", "clang++")


def engines() -> tuple[Finding, ...]:
    """A finding for each backend; those that are installed are imported."""
    return (
        Finding("backend torch", "works, and is what auto takes"),
        _check_compiler(),
        _openvino(),
        _onnxruntime(),
    )


def _check_compiler() -> Finding:
    topic = "backend compiled"
    if torch.cuda.is_available():
        if is_here("triton"):
            return Finding(topic, "works on the GPU: triton is here")
        return Finding(topic, "absent", Status.ABSENT, "torch compiles with triton; install it")
    compiler = os.environ.get("CXX") or next(filter(shutil.which, _COMPILERS), None)
    if compiler is None:
        advice = "torch compiles with a C++ compiler; apt install g++"
        return Finding(topic, "absent", Status.ABSENT, advice)
    return Finding(topic, f"works on the CPU, with {compiler}")


def _openvino() -> Finding:
    topic = "backend openvino"
    if not is_here("openvino"):
        return Finding(topic, "absent", Status.ABSENT, f"{pip_install('openvino')} brings it")
    try:
        version: str = import_openvino().__version__
    except EngineUnavailable as error:
        return Finding(topic, "can't be imported", Status.BROKEN, str(error))
    return Finding(topic, f"{version}, on the CPU")


def _onnxruntime() -> Finding:
    topic = "backend onnxruntime"
    if not is_here("onnxruntime"):
        advice = f"{pip_install('onnxruntime', 'onnxscript')} brings it"
        return Finding(topic, "absent", Status.ABSENT, advice)
    try:
        module = import_onnxruntime()
    except EngineUnavailable as error:
        return Finding(topic, "can't be imported", Status.BROKEN, str(error))
    there = [p for p in module.get_available_providers() if p.endswith("ExecutionProvider")]
    names = ", ".join(p.removesuffix("ExecutionProvider") for p in there)
    found = f"{module.__version__}, providers {names}"
    if torch.cuda.is_available() and not set(there) - {CPU}:
        advice = f"no provider for the GPU; {pip_install('onnxruntime-gpu')}"
        return Finding(topic, found, Status.ABSENT, advice)
    return Finding(topic, found)
