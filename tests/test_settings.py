"""Settings take what can be used and say of the rest what to do."""

import math

import pytest

from lenet_gui.settings import Settings

BAD = [
    ({"lr": 0}, "learning rate must be greater than 0"),
    ({"lr": -0.1}, "learning rate must be greater than 0"),
    ({"lr": math.nan}, "learning rate must be a finite number"),
    ({"lr": math.inf}, "learning rate must be a finite number"),
    ({"lr": "fast"}, "learning rate must be greater than 0"),
    ({"lr": True}, "learning rate must be greater than 0"),
    ({"batch_size": 0}, "batch size must be a whole number from 1"),
    ({"batch_size": 2.5}, "batch size must be a whole number from 1"),
    ({"seed": -1}, "seed must be a whole number from 0"),
    ({"threads": 0}, "threads must be a whole number from 1"),
    ({"mode": "test"}, "mode must be one of train, eval"),
    ({"momentum": math.inf}, "momentum must be a finite number"),
    ({"betas": (0.9, 0.99)}, "betas must be a plain number"),
]


@pytest.mark.parametrize(("values", "words"), BAD)
def test_a_number_that_cannot_be_used_is_refused_with_a_sentence(values: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings(**values)


def test_options_are_kept_until_the_optimizer_changes() -> None:
    settings = Settings(momentum=0.9, nesterov=True).change(lr=0.2, momentum=0.5)
    assert settings.options == (("momentum", 0.5), ("nesterov", True))
    assert settings.change(optimizer="Adam", beta1=0.8).options == (("beta1", 0.8),)


def test_equal_settings_are_equal_whatever_the_order() -> None:
    assert Settings(momentum=0.9, weight_decay=0.1) == Settings(weight_decay=0.1, momentum=0.9)
