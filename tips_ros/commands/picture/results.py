# SPDX-License-Identifier: Apache-2.0
"""Results of a model for one picture: one pass for its heads, the prompts and the questions."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.commands.picture.given_picture import View
from tips_ros.errors import UserError
from tips_ros.offline.pictures.language_questions import ImageAnswers, ImageQuestions, answer
from tips_ros.offline.pictures.result_files import ImageResults
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.camera.mounting import upright_intrinsics
from tips_ros.perception.cloud.cloud_strips import CloudStrips
from tips_ros.perception.cloud.point_cloud import Cloud
from tips_ros.perception.cloud.point_cloud_filters import filter_cloud
from tips_ros.perception.depth.depth_scale import DepthScale, prediction_in_metres
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.classes import floor_classes
from tips_ros.perception.ground.ground import Ground, GroundView
from tips_ros.perception.language.text_embedder import TextEmbedder
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.preprocess import image_at
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.progress import say

NOT_METRIC = "not metric: lens unknown"
_MANY_POINTS = 8_000_000
_FILTER_BYTES = 140  # a point, measured


class PictureResults(NamedTuple):
    """Results of one picture."""

    results: ImageResults
    scale: DepthScale


@dataclass(frozen=True)
class PictureModel:
    """A model with what it is asked of each picture.

    Attributes:
        predictor: the model.
        embedder: of texts; None where no question needs it.
        prompted: the classes of the labels, where they are not the model's own.
        questions: about the picture as a whole.
        args: scale, depth_scale, voxel_m, outlier_neighbors.
    """

    predictor: Predictor
    embedder: TextEmbedder | None
    prompted: LabelSpace | None
    questions: ImageQuestions
    args: argparse.Namespace

    def run(self, view: View, title: str) -> PictureResults:
        """Runs the model on a picture; UserError for an unusable text or cloud filter."""
        prediction, answers = self._predict(view)
        description = self.predictor.description
        upright = view.lens and upright_intrinsics(view.lens.intrinsics, view.mounting)
        scale = self.args.depth_scale.scale(upright, description.focal_ratio)
        prediction = prediction_in_metres(prediction, scale, description.max_depth_m)
        cloud: Cloud | CloudStrips | None = None
        ground: GroundView | None = None
        cloudless = "no cloud: the lens is unknown; give --hfov-deg or --camera-info"
        if view.lens is not None and prediction.depth_m is not None:
            cloud = self._cloud(prediction, prediction.depth_m, view.lens, view.rgb)
            ground = self._ground(prediction, prediction.depth_m, view)
        if prediction.depth_m is None:
            cloudless = f"no cloud: model {description.name} has no depth head"
        results = ImageResults(
            title,
            view.rgb,
            prediction,
            description,
            cloud,
            prompted=self.prompted,
            tags=answers.tags,
            embeddings=answers.embeddings,
            cloudless=cloudless,
            depth_caution=NOT_METRIC if scale.note else "",
            ground=ground,
        )
        return PictureResults(results, scale)

    def _predict(self, view: View) -> tuple[Prediction, ImageAnswers]:
        label_space = self.prompted or self.predictor.model_label_space
        outputs = self.predictor.outputs_with(label_space)
        label_spaces = [label_space] if "semantic" in outputs else []
        encoded = self.predictor.encode(
            view.rgb, outputs, self.args.scale, label_spaces, view.mounting
        )
        prediction = self.predictor.decode(encoded, *label_spaces)
        temperature = self.predictor.description.temperature
        try:
            return prediction, answer(self.questions, encoded.features, self.embedder, temperature)
        except ValueError as error:
            raise UserError(str(error)) from error

    def _ground(
        self, prediction: Prediction, depth_m: NDArray[np.float32], view: View
    ) -> GroundView:
        height, width = depth_m.shape
        assert view.lens is not None
        frame = PosedFrame(
            0,
            depth_m=depth_m,
            stddev_m=prediction.stddev_m,
            labels=prediction.labels,
            normals=prediction.normals,
            lens=view.lens.scaled_to(width, height),
        )
        label_space = self.prompted or self.predictor.model_label_space
        classes = floor_classes(label_space.classes)
        return Ground().look(frame, classes, Up.of_mounting(view.mounting))

    def _cloud(
        self,
        prediction: Prediction,
        depth_m: NDArray[np.float32],
        lens: Lens,
        rgb: NDArray[np.uint8],
    ) -> Cloud | CloudStrips:
        height, width = depth_m.shape
        strips = CloudStrips(
            depth_m,
            lens.scaled_to(width, height),
            image_at(rgb, (height, width)),
            prediction.labels,
            prediction.normals,
        )
        voxel_m, neighbors = self.args.voxel_m, self.args.outlier_neighbors
        if not (voxel_m or neighbors):
            return strips
        if width * height > _MANY_POINTS:
            say(
                f"filtering a cloud of {width * height:,} points takes "
                f"{width * height * _FILTER_BYTES / 1e9:.0f} GB or more and minutes; "
                "--scale 0.5 makes it a quarter"
            )
        try:
            return filter_cloud(strips.to_cloud(), voxel_m, neighbors)
        except (ValueError, RuntimeError) as error:
            raise UserError(str(error)) from error
