"""An engineer's run: digits, a larger batch, Run and Pause, every optimizer, and an impatient end."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.e2e.conftest import Person


def test_a_run_learns_the_digits_and_stops_when_told(person: Person) -> None:
    person.type("lr_field", "0.1")
    person.until(lambda: person.frame is not None and person.frame.settings.lr == 0.1)
    person.click("run_button")
    person.until(lambda: person.frame is not None and person.frame.epoch is not None and person.frame.epoch >= 2)
    person.click("pause_button")
    person.until(lambda: person.frame is not None and not person.frame.running)
    assert person.frame is not None
    assert person.frame.accuracy is not None
    person.reads("test digits")
    step = person.frame.step
    QTest.keyClick(person.window, Qt.Key.Key_F8)
    person.until(lambda: person.frame is not None and person.frame.step == step + 1)


def test_run_n_takes_exactly_so_many_steps_and_then_one_phase_follows(person: Person) -> None:
    person.type("steps_field", "7")
    person.click("run_n_button")
    person.until(lambda: person.frame is not None and person.frame.step == 7 and not person.frame.running)
    QTest.keyClick(person.window, Qt.Key.Key_F10)
    person.until(lambda: person.frame is not None and person.frame.next == "forward")


@pytest.mark.parametrize("optimizer", ["SGD with momentum", "Nesterov", "Adam", "RMSprop"])
def test_every_optimizer_can_be_chosen_and_steps(person: Person, optimizer: str) -> None:
    person.pick("optimizer_list", optimizer)
    person.reads("optimizer = torch.optim.")
    person.press("advance_step_button", step=1)


def test_a_bad_number_says_what_to_do_and_changes_nothing(person: Person) -> None:
    for bad in ("-1", "0", "nan", "fast", "1e400"):
        person.type("lr_field", bad)
        assert person.frame is not None
        assert person.frame.settings.lr == 0.05
    person.type("batch_size_field", "5000")
    person.until(lambda: "larger than the data" in person.notice())
    person.press("advance_step_button", step=1)


def test_a_learning_rate_that_overflows_pauses_the_run_and_says_so(person: Person) -> None:
    person.type("lr_field", "1e30")
    person.until(lambda: person.frame is not None and person.frame.settings.lr == 1e30)
    person.click("run_button")
    person.until(lambda: person.frame is not None and person.frame.step > 0 and not person.frame.running)
    person.until(lambda: "no longer finite" in person.notice())


def test_closing_in_the_middle_of_a_run_ends_everything(person: Person) -> None:
    person.click("run_button")
    person.until(lambda: person.frame is not None and person.frame.running)
    person.window.close()
    assert not any(thread.name == "the worker" for thread in threading.enumerate())
