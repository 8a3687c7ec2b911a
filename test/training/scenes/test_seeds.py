# SPDX-License-Identifier: Apache-2.0
import pytest

from training.scenes import seeds


def test_no_scene_is_both_learnt_from_and_measured_on() -> None:
    assert not set(seeds.TRAINING) & {seeds.HELD_OUT[0], seeds.HELD_OUT[-1]}
    assert not set(seeds.HELD_OUT) & {seeds.TRAINING[0], seeds.TRAINING[-1]}


@pytest.mark.quick
def test_training_refuses_a_held_out_scene() -> None:
    assert seeds.training_seed(999_999) == 999_999
    with pytest.raises(ValueError, match="1000000 is not a training scene"):
        seeds.training_seed(1_000_000)


def test_measuring_refuses_a_training_scene() -> None:
    assert seeds.held_out_seed(1_000_000) == 1_000_000
    for number in (-1, 999_999, 2_000_000):
        with pytest.raises(ValueError, match="is not a held-out scene"):
            seeds.held_out_seed(number)
