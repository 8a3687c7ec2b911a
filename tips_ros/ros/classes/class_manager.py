# SPDX-License-Identifier: Apache-2.0
"""The classes in force, made from what a user asks for, with everything that goes with them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rclpy.lifecycle import LifecycleNode

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.list_access import ListAccess
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.perception.semantic.prompted_label_space import (
    background_told,
    label_space_of,
    parse_request,
)
from tips_ros.perception.semantic.query_target import QueryTarget, resolve_query
from tips_ros.perception.semantic.stable_ids import StableIds
from tips_ros.ros.classes.active_classes import ActiveClasses, ClassSelection
from tips_ros.ros.outputs.class_map import ClassHistory
from tips_ros.ros.outputs.similarity import SimilarityPublishers
from tips_ros.ros.parameters.prompts import PromptSettings
from tips_ros.ros.topics.names import ONLY

logger = logging.getLogger(__name__)
_NAMED = 8  # classes written out in a message


class ClassManager:
    """Prepares label spaces off the image path and swaps them in.

    Attributes:
        encoder: of the prompts' words.
        board: the classes in force and their topics.
        similarity: the heat maps of the prompts in force, by camera.
        message: what is in force, for people.
        active_from_ns: the least stamp of a frame with the classes in force.
    """

    def __init__(
        self,
        node: LifecycleNode,
        predictor: Predictor,
        encoder: PromptEncoder,
        cameras: Sequence[str] = (ONLY,),
        histories: Mapping[str, ClassHistory] | None = None,
        ids: StableIds | None = None,
        access: ListAccess | None = None,
    ) -> None:
        """
        Args:
            node: who publishes.
            predictor: the model.
            encoder: of its words.
            cameras: their names.
            histories: what was announced by camera, where an earlier vocabulary did.
            ids: those that names have had so far, likewise.
            access: the files that prompts may name; none but the lists that come along by default.
        """
        self._predictor = predictor
        self._access = access or ListAccess()
        self.encoder = encoder
        self._own: ClassList = predictor.description.classes
        self._ids = ids or StableIds()
        self._ids.reserve(self._own if self._has_head else None)
        self._changing = threading.Lock()  # one change after the other, however long it takes
        self._closed = False
        self.board = ActiveClasses(node, predictor, cameras, histories)
        self.similarity = {camera: SimilarityPublishers(node, camera) for camera in cameras}
        self.message = ""
        self.active_from_ns = 0
        self._preparing_s = 0.0

    def prepare(self, asked: PromptSettings) -> None:
        """Encodes the words, so that `apply` will find them; errors as there."""
        self._prepare_selection(asked)

    def apply(self, asked: PromptSettings) -> None:
        """Applies settings from the next frame on, all of them or none.

        Raises:
            ValueError, OSError, RuntimeError: it can't be; says why.
        """
        with self._changing:
            started = time.perf_counter()
            in_force = self._prepare_selection(asked)
            self._preparing_s = time.perf_counter() - started
            if self._closed:
                raise RuntimeError("the node is not configured any more")
            for similarity in self.similarity.values():
                similarity.replace(in_force.label_space)
            if in_force.prompts is not None:
                self._ids.keep(in_force.label_space.classes)
            self.active_from_ns = self.board.replace(in_force)
            self.message = self._summary(in_force, asked)
        logger.info("%s", self.message)

    def resolve_query(self, prompt: str, sliding_window: bool) -> QueryTarget:
        """Finds the label space for one thing in a frame; errors: see `apply`.

        It waits for no change of the classes: of one under way it sees nothing.
        """
        self._access.check([prompt])
        in_force = self.board.in_force
        return resolve_query(
            prompt,
            in_force.label_space,
            in_force.prompts,
            self.encoder,
            self._own,
            has_head=self._has_head,
            sliding_window=sliding_window,
        )

    @property
    def own(self) -> ClassList:
        """The model's own classes."""
        return self._own

    @property
    def classes(self) -> dict[int, str]:
        """Id → name of what is in force; nothing where a model without a head has no prompts."""
        label_space = self.board.in_force.label_space
        return label_space.classes.by_id() if self._any_class(label_space) else {}

    def facts(self) -> dict[str, str]:
        """Facts for diagnostics."""
        return {
            "classes": str(len(self.classes)),
            "classes from": self.board.in_force.label_space.source,
            "words encoded": str(self.encoder.encoded),
            "prompts prepared in (ms)": f"{self._preparing_s * 1e3:.0f}",
        }

    def close(self) -> None:
        """Destroys the publishers; a change under way is waited for, and comes to nothing."""
        self._closed = True
        with self._changing:
            self.board.close()
            for similarity in self.similarity.values():
                similarity.close()

    @property
    def _has_head(self) -> bool:
        return "semantic" in self._predictor.outputs

    def _any_class(self, label_space: LabelSpace) -> bool:
        return self._has_head or label_space.source == "prompts"

    def _prepare_selection(self, asked: PromptSettings) -> ClassSelection:
        if not asked.prompts:
            return ClassSelection(self._predictor.model_label_space)
        self._access.check([*asked.prompts, *asked.background])
        prompts = parse_request(asked.prompts, asked.background, asked.thresholds, self._own)
        names = prompts.classes.names
        prompts = replace(prompts, classes=ClassList(names, self._ids.assign(names)))
        label_space = label_space_of(
            prompts, self.encoder, self._own, sliding_window=asked.sliding_window
        )
        return ClassSelection(label_space, prompts)

    def _summary(self, in_force: ClassSelection, asked: PromptSettings) -> str:
        label_space, prompts = in_force
        if not self._any_class(label_space):
            return "no classes: this model has no segmentation head of its own; set prompts"
        names = label_space.classes.names
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        by = "the model's own head" if label_space.words is None else "words"
        said = f"classes: {', '.join(names[:_NAMED])}{more}, by {by}"
        if prompts is not None and label_space.words is not None:
            said = "; ".join(filter(None, (said, background_told(prompts, asked.background))))
        return said
