# SPDX-License-Identifier: Apache-2.0
"""PyTorch, the devices it sees, which precisions they are fast in, and the engines beside it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import torch

from tips_ros.doctor.engines import engines
from tips_ros.doctor.findings import Finding, Section, Status

OLDEST_TORCH = (2, 4)
_SIDE, _REPEATS = 384, 3  # of the matrices that are multiplied to see how fast bf16 is
_FAST = 1.2  # bf16 is worth choosing from here on, times fp32
_BF16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")  # the last is Arm's


def compute() -> Section:
    """Version, GPUs, what `auto` picks, precisions, and engines."""
    auto = "cuda" if torch.cuda.is_available() else "cpu"
    return Section(
        "PyTorch",
        (
            _version(),
            *_gpus(),
            Finding("device auto", auto),
            Finding("threads", str(torch.get_num_threads())),
            _bf16_on_cpu(),
            *engines(),
        ),
    )


def _version() -> Finding:
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU only"
    if torch.version.hip:
        build = f"ROCm {torch.version.hip}"
    value = f"{torch.__version__} ({build})"
    major, minor = (int(part) for part in torch.__version__.split(".")[:2])
    if (major, minor) < OLDEST_TORCH:
        oldest = ".".join(map(str, OLDEST_TORCH))
        return Finding("torch", value, Status.BROKEN, f"too old; install {oldest} or newer")
    return Finding("torch", value)


def _gpus() -> list[Finding]:
    if not torch.cuda.is_available():
        if has_nvidia_gpu():
            if torch.version.cuda or torch.version.hip:
                fix = "this torch can't use it; its driver may be too old, or hidden from us"
            else:
                fix = "this torch is built for the CPU; install a CUDA build of it"
            return [Finding("GPU", "an NVIDIA GPU that torch does not see", Status.ABSENT, fix)]
        return [Finding("GPU", "none", Status.ABSENT, "images take seconds, not milliseconds")]
    found = []
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        bf16 = properties.major >= 8
        found.append(
            Finding(
                f"cuda:{index}",
                f"{properties.name}, {properties.total_memory / 2**30:.1f} GiB, compute "
                f"{properties.major}.{properties.minor}, fp16 and {'' if bf16 else 'no '}bf16 "
                "in hardware",
            )
        )
    return found


def has_nvidia_gpu() -> bool:
    """Whether the machine seems to have one, whatever torch says."""
    devices = (Path("/dev/nvidia0"), Path("/dev/nvhost-gpu"), Path("/dev/nvgpu"))
    return any(device.exists() for device in devices) and (
        shutil.which("nvidia-smi") is not None or not devices[0].exists()
    )


def _bf16_on_cpu() -> Finding:
    flags = [flag for flag in _BF16_FLAGS if flag in cpu_flags()]
    ratio = bf16_speed_up()
    hardware = " and ".join(flags) if flags else "no bf16 instructions"
    measured = f"measured {ratio:.1f} times as fast as fp32"
    if ratio < 1:
        measured = f"measured {1 / ratio:.1f} times slower than fp32"
    verdict = "--precision bf16 pays" if ratio >= _FAST else "stay with fp32"
    return Finding("bf16 on CPU", f"{hardware}; {measured}: {verdict}")


def cpu_flags() -> set[str]:
    """Instruction sets that the kernel tells of; nothing outside Linux."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


@torch.inference_mode()
def bf16_speed_up() -> float:
    """Measures in a moment how much faster than fp32 a bf16 matrix product is on the CPU."""
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        a = torch.ones(_SIDE, _SIDE, dtype=dtype)
        a @ a  # the first one sets things up
        times = []
        for _ in range(_REPEATS):
            begin = time.perf_counter()
            a @ a
            times.append(time.perf_counter() - begin)
        seconds[dtype] = min(times)
    return seconds[torch.float32] / seconds[torch.bfloat16]
