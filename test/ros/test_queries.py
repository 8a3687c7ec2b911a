# SPDX-License-Identifier: Apache-2.0
"""Queries wait for a frame, each for itself, and never for ever."""

import threading

import pytest

from tips_ros.perception.prediction import Prediction
from tips_ros.ros.pipeline.queries import FrameQueries, FrameQuery, QueryResult


def asked(queries, label_space):
    """Asks in a thread; the outcome is in the list once the thread has ended."""
    outcome = []

    def ask():
        try:
            outcome.append(queries.ask(FrameQuery(label_space), 30.0))
        except RuntimeError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    while not queries.waiting and thread.is_alive():
        pass
    return thread, outcome


def test_a_question_is_taken_once_and_its_answer_comes_back():
    queries = FrameQueries()
    thread, outcome = asked(queries, "label_space")
    (query,) = queries.take()
    assert query.label_space == "label_space"
    assert not queries.waiting
    shown = QueryResult("header", Prediction(), None)
    query.answer(shown)
    query.fail("too late")
    thread.join()
    assert outcome == [shown]


def test_a_question_that_nobody_takes_ends_with_nothing_and_is_gone():
    queries = FrameQueries()
    assert queries.ask(FrameQuery("label_space"), 0.01) is None
    assert not queries.waiting


def test_closing_ends_all_waiting_now_and_later():
    queries = FrameQueries()
    thread, outcome = asked(queries, "label_space")
    queries.close()
    thread.join()
    assert outcome == ["the node was deactivated"]
    with pytest.raises(RuntimeError, match="deactivated"):
        queries.ask(FrameQuery("label_space"), 30.0)


def test_one_frame_takes_all_that_wait():
    queries = FrameQueries()
    threads = [asked(queries, f"label space {i}") for i in range(10)]
    while len(queries.waiting) < 10:
        pass
    for query in queries.take():
        query.answer(query.label_space)
    for thread, _ in threads:
        thread.join()
    assert [outcome for _, (outcome,) in threads] == [f"label space {i}" for i in range(10)]
