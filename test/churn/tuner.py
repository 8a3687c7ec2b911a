# SPDX-License-Identifier: Apache-2.0
"""Somebody who sets parameters, to what may be and to what may not."""

from __future__ import annotations

import math
import random
from typing import Any

from client import Client
from findings import Findings
from rcl_interfaces.srv import GetParameters, ListParameters, SetParametersAtomically
from rclpy.parameter import Parameter


class Tuner:
    """Sets parameters."""

    GOOD: tuple[dict[str, Any], ...] = (
        {"output_scale": 0.5},
        {"output_scale": 1.0, "points.stride": 2},
        {"points.min_range_m": 0.1, "points.max_range_m": 9.0},
        {"points.include": ["door", "wall"]},
        {"points.exclude": ["unlabelled"], "points.edge_jump": 0.05},
        {"points.roi": [0.1, 0.1, 0.5, 0.5]},
        {"points_filtered.target_frame": "base_link"},
        {"points_filtered.target_frame": ""},
        {"extrinsics.xyz": [0.0, 0.0, 1.0], "extrinsics.rpy": [0.0, 0.0, 0.0]},
        {"rotation_deg": 90},
        {"rotation_deg": 180, "rectified": True},
        {"depth.scale_source": "sensor"},
        {"depth.scale_source": "fixed", "depth.fixed_scale": 2.0},
        {"depth.scale_source": "model"},
        {"max_age_s": 0.2},
        {"unsubscribe_after_s": 0.5, "silence_warning_s": 0.5},
        {"cameras_window_s": 0.3},
        {"semantic.overlay_alpha": 1.0},
        {"prompts": ["door", "chair"], "prompt_background": ["wall"]},
        {"prompts": ["door"], "prompt_sliding_window": True},
        {"prompt_thresholds": [0.5]},
        {"points_filtered.target_frame": "odom"},
        {"temporal.mode": "full"},
        {"temporal.mode": "full", "temporal.labels": True},
        {"temporal.mode": "scale"},
        {"temporal.mode": "off", "temporal.labels": True},
        {"temporal.mode": "full", "temporal.frame": "nowhere"},
        {"ground.base_frame": "base_link"},
        {"use_sim_time": True},
        {"use_sim_time": False},
    )
    BAD: tuple[dict[str, Any], ...] = (
        {"output_scale": 0.0},
        {"output_scale": math.nan},
        {"output_scale": "one"},
        {"points.stride": 0, "max_age_s": -1.0},
        {"rotation_deg": 45},
        {"prompts": ["door", "door"]},
        {"prompts": 5},
        {"prompt_thresholds": [2.0]},
        {"points.roi": [1.0, 2.0]},
        {"no.such.parameter": 1},
        {"depth.scale_source": "guess"},
        {"temporal.mode": "half"},
        {"extrinsics.rpy": [math.inf, 0.0, 0.0]},
        {"cameras": ["x"]},
    )
    # To be set back where work is to go on as usual.
    USUAL: dict[str, Any] = {
        "output_scale": 1.0,
        "points.stride": 1,
        "points.min_range_m": 0.0,
        "points.max_range_m": 0.0,
        "points.edge_jump": 0.0,
        "max_age_s": 0.0,
        "cameras_window_s": 0.01,
        "unsubscribe_after_s": 5.0,
        "points_filtered.target_frame": "",
        "rotation_deg": 0,
        "rectified": False,
        "depth.scale_source": "focal",
        "temporal.mode": "off",
        "temporal.labels": False,
        "temporal.frame": "odom",
        "ground.base_frame": "",
        "prompt_sliding_window": False,
        "prompts": Parameter("", Parameter.Type.STRING_ARRAY, []),
        "prompt_background": Parameter("", Parameter.Type.STRING_ARRAY, []),
        "prompt_thresholds": Parameter("", Parameter.Type.DOUBLE_ARRAY, []),
    }

    def __init__(self, client: Client, findings: Findings) -> None:
        self._client, self._findings = client, findings

    def make_usual(self, **values: Any) -> None:
        """Sets all back, and these."""
        self._client.set(**self.USUAL, **values)

    def disturbances(self) -> list[tuple[int, Any]]:
        """Disturbances of this kind, each with a weight."""
        return [(5, self.good), (4, self.bad), (1, self.typeless), (1, self.read)]

    def good(self, rng: random.Random) -> str:
        """Values that are allowed, at least for some node."""
        values = rng.choice(self.GOOD)
        self._client.set(**values)
        return f"set {values}"

    def bad(self, rng: random.Random) -> str:
        """Values that are not allowed."""
        values = rng.choice(self.BAD)
        taken = self._client.set(**values)
        # Words are looked at with the model: while there is none, when it is configured.
        if all(taken) and taken and not any(name.startswith("prompt") for name in values):
            self._findings.add(f"taken: {values}")
        return f"set {values}"

    def typeless(self, rng: random.Random) -> str:
        """A parameter without a type: deleted, as rclpy has it."""
        name = rng.choice((*self.USUAL, "prompts", "use_sim_time", "", "a.b"))
        request = SetParametersAtomically.Request()
        request.parameters = [Parameter(name).to_parameter_msg()]
        self._client.call(SetParametersAtomically, "set_parameters_atomically", request)
        return f"set {name!r} to nothing"

    def read(self, rng: random.Random) -> str:
        """Asks for names and values."""
        self._client.call(ListParameters, "list_parameters", ListParameters.Request())
        names = [*self.USUAL, "no.such.parameter"][: rng.randrange(12)]
        self._client.call(GetParameters, "get_parameters", GetParameters.Request(names=names))
        return "parameters read"
