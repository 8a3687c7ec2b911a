# SPDX-License-Identifier: Apache-2.0
"""Questions wait for a frame, each for itself, and never for ever."""

import threading

import pytest

from tips_ros.perception.predictor import Prediction
from tips_ros.ros.questions import Questions, Shown


def asked(questions, labelling):
    """Asks in a thread; the outcome is in the list once the thread has ended."""
    outcome = []

    def ask():
        try:
            outcome.append(questions.ask(labelling, 30.0))
        except RuntimeError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    while not questions.waiting and thread.is_alive():
        pass
    return thread, outcome


def test_a_question_is_taken_once_and_its_answer_comes_back():
    questions = Questions()
    thread, outcome = asked(questions, "labelling")
    (question,) = questions.take()
    assert question.labelling == "labelling"
    assert not questions.waiting
    shown = Shown("header", Prediction(), None)
    question.answer(shown)
    question.fail("too late")
    thread.join()
    assert outcome == [shown]


def test_a_question_that_nobody_takes_ends_with_nothing_and_is_gone():
    questions = Questions()
    assert questions.ask("labelling", 0.01) is None
    assert not questions.waiting


def test_closing_ends_all_waiting_now_and_later():
    questions = Questions()
    thread, outcome = asked(questions, "labelling")
    questions.close()
    thread.join()
    assert outcome == ["the node was deactivated"]
    with pytest.raises(RuntimeError, match="deactivated"):
        questions.ask("labelling", 30.0)
