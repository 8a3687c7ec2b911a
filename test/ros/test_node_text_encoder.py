# SPDX-License-Identifier: Apache-2.0
"""Words are encoded once; without a text encoder the model's own classes are chosen by name."""

import numpy as np
import pytest

from .masks import masks


class TestWithoutATextEncoder:
    def test_prompts_choose_rename_and_merge_the_models_own_classes(self, graph_with, by_head):
        graph = graph_with(model=str(by_head)).active()
        graph.listen("semantic/image")
        graph.publish_image(sec=1)
        before = masks(graph, 1)[0]
        answer = graph.set_prompts("furniture: bed", "floor")
        assert answer.success, answer.message
        assert (list(answer.names), list(answer.ids)) == (["furniture", "floor"], [1, 3])
        graph.publish_image(sec=2)
        expected = np.full(256, 255, np.uint8)
        expected[7], expected[3] = 1, 3
        np.testing.assert_array_equal(masks(graph, 2)[1], expected[before])
        own = graph.set_prompts()
        assert (list(own.names), list(own.ids)) == (["wall", "floor", "bed"], [0, 3, 7])

    def test_other_words_are_refused_and_the_answer_says_what_is_missing(self, graph_with, by_head):
        graph = graph_with(model=str(by_head)).active()
        answer = graph.set_prompts("unicorn")
        assert not answer.success
        assert "unicorn" in answer.message
        assert "text encoder" in answer.message
        assert list(answer.names) == ["wall", "floor", "bed"]


class TestTextIsEncoded:
    @pytest.fixture
    def encoded(self, graph):
        """The number of words that went through the text encoder so far."""
        return lambda: graph.encoder.encoded

    def test_once_a_change_and_never_for_a_frame(self, graph, encoded):
        graph.listen("semantic/image")
        before = encoded()
        assert graph.set_prompts("grey door zqx", "cup zqx", background=["wall zqx"]).success
        assert encoded() == before + 3
        for sec in (1, 2, 3):
            graph.publish_image(sec=sec)
            masks(graph, sec)
        assert encoded() == before + 3

    def test_not_again_for_words_that_were_there_before(self, graph, encoded):
        assert graph.set_prompts("one zqy", "two zqy").success
        before = encoded()
        assert graph.set_prompts("two zqy", "one zqy").success
        assert graph.set_prompts("three zqy: one zqy | two zqy", "four zqy").success
        assert encoded() == before + 1

    def test_not_at_all_for_words_in_the_cache(self, graph, graph_with):
        assert graph.set_prompts("one zqw", "two zqw", background=["three zqw"]).success
        later = graph_with(input_height=112, input_width=112).active()
        assert later.set_prompts("two zqw", "three zqw", background=["one zqw"]).success
        encoder = later.encoder
        assert (encoder.encoded, encoder.loaded) == (0, False)
