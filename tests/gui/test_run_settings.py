from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Qt

from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.run_settings import SettingsBar
from lenet_gui.protocol import Command
from lenet_gui.settings import Settings
from tests.gui import frames
from tests.gui.ready import CHOICES, READY


@pytest.fixture
def bar(qtbot):
    owner = QObject()
    made = SettingsBar(Actions(owner))
    qtbot.addWidget(made)
    made.show_ready(READY)
    made.show_choices(CHOICES)
    made.show_frame(frames.fresh())
    made.resize(1280, 50)
    made.show()
    qtbot.waitExposed(made)
    yield made
    owner.deleteLater()


def pick(field, words):
    """Choose as a person does: the popup's row is activated."""
    row = field.findText(words)
    assert row >= 0
    field.setCurrentIndex(row)
    field.activated.emit(row)


def test_it_shows_what_is_in_force(bar):
    bar.show_frame(frames.fresh(Settings(lr=0.002, batch_size=64, loss="MSELoss", threads=2, mode="eval", seed=7)))
    assert bar.lr.text() == "0.002"
    assert bar.batch_size.text() == "64"
    assert bar.loss.currentText() == "MSELoss"
    assert bar.threads.currentText() == "2"
    assert bar.mode.currentText() == "eval"
    assert bar.seed.text() == "7"


def test_showing_a_frame_sends_nothing(qtbot, bar):
    with qtbot.assertNotEmitted(bar.asked), qtbot.assertNotEmitted(bar.new_run_wanted):
        bar.show_frame(frames.fresh(Settings(lr=0.5, optimizer="Adam", data="random", seed=3)))


@pytest.mark.parametrize(
    ("optimizer", "options", "words"),
    [
        ("SGD", {}, "SGD"),
        ("SGD", {"momentum": 0.5}, "SGD with momentum"),
        ("SGD", {"momentum": 0.9, "nesterov": True}, "Nesterov"),
        ("Adam", {"eps": 1e-6}, "Adam"),
    ],
)
def test_the_optimizer_is_called_by_what_it_does(bar, optimizer, options, words):
    bar.show_frame(frames.fresh(Settings(optimizer=optimizer, **options)))
    assert bar.optimizer.currentText() == words


def test_another_optimizer_comes_with_its_preset_in_one_command(qtbot, bar):
    with qtbot.waitSignal(bar.asked) as got:
        pick(bar.optimizer, "Nesterov")
    assert got.args == [Command.of("set", optimizer="SGD", lr=0.01, momentum=0.9, nesterov=True)]


def test_a_number_is_set_by_enter(qtbot, bar):
    bar.lr.setFocus()
    bar.lr.selectAll()
    qtbot.keyClicks(bar.lr, "0.1")
    with qtbot.waitSignal(bar.asked) as got:
        qtbot.keyClick(bar.lr, Qt.Key.Key_Return)
    assert got.args == [Command.of("set", lr=0.1)]


def test_a_device_that_is_not_there_is_greyed_with_the_reason(bar):
    entry = bar.device.model().item(1)
    assert not entry.isEnabled()
    assert "no NVIDIA driver" in entry.toolTip()


def test_the_optimizers_own_parameters_are_set_in_the_popover(qtbot, bar):
    bar.show_frame(frames.fresh(Settings(optimizer="SGD", momentum=0.9)))
    assert bar.options.fields["momentum"].text() == "0.9"
    with qtbot.waitSignal(bar.asked) as got:
        bar.options.fields["nesterov"].click()
    assert got.args == [Command.of("set", nesterov=True)]
    bar.show_frame(frames.fresh(Settings(optimizer="Adam")))
    assert [name for name in bar.options.fields if not name.startswith("loss_")] == ["eps"]


def test_data_and_seed_ask_for_a_new_run_together(qtbot, bar):
    with qtbot.waitSignal(bar.new_run_wanted) as got:
        pick(bar.data, "Random tensors, the same kept")
    assert got.args[0] == Settings(data="random", redraw=False)
    bar.seed.setText("5")
    with qtbot.waitSignal(bar.new_run_wanted) as got:
        bar.seed.commit()
    assert got.args[0] == Settings(data="random", redraw=False, seed=5)
    bar.forget_wanted()
    assert bar.data.currentText() == "Digits"
    assert bar.seed.text() == "0"


def test_nothing_can_be_set_where_the_frame_does_not_allow_it(bar):
    bar.show_frame(replace(frames.running(), allowed=("pause", "set")))
    assert bar.lr.isEnabled()
    assert not bar.data.isEnabled()
    bar.show_frame(replace(frames.running(), allowed=("pause",)))
    assert not bar.lr.isEnabled()


def test_the_bar_fits_a_window_of_1280_pixels(bar):
    assert bar.sizeHint().width() <= 1280


def changes(got):
    (command,) = got.args
    assert command.name == "set"
    return dict(command.arguments)


@pytest.mark.parametrize(
    ("owner", "words", "wanted"),
    [
        ("clip", "clip_grad_norm_", {"clip": "clip_grad_norm_", "clip_max_norm": 1.0}),
        ("scheduler", "StepLR", {"scheduler": "StepLR", "scheduler_step_size": 10}),
        ("scheduler", "No scheduler", {"scheduler": ""}),
    ],
)
def test_clipping_and_a_scheduler_are_chosen_with_what_they_need(qtbot, bar, owner, words, wanted):
    with qtbot.waitSignal(bar.asked) as got:
        pick(bar.options.lists[owner], words)
    assert changes(got) == wanted


def test_data_without_epochs_takes_a_scheduler_that_counts_steps(qtbot, bar):
    bar.show_frame(replace(frames.fresh(Settings(data="random")), batches=None))
    with qtbot.waitSignal(bar.asked) as got:
        pick(bar.options.lists["scheduler"], "StepLR")
    assert changes(got)["scheduler_per"] == "step"


def test_what_cannot_train_here_is_greyed_in_pytorchs_words(bar):
    for field, words, reason in (
        (bar.optimizer, "Muon", "only supports 2D"),
        (bar.loss, "CTCLoss", "four inputs"),
        (bar.options.lists["scheduler"], "LambdaLR", "lr_lambda"),
    ):
        row = field.findText(words, Qt.MatchFlag.MatchStartsWith)
        assert not field.model().item(row).isEnabled()
        assert reason in field.model().item(row).toolTip()
    assert "limit" in bar.loss.itemData(bar.loss.findText("KLDivLoss"), Qt.ItemDataRole.ToolTipRole)


def test_a_loss_comes_with_what_it_is_best_begun_with(qtbot, bar):
    with qtbot.waitSignal(bar.asked) as got:
        pick(bar.loss, "KLDivLoss")
    assert changes(got) == {"loss": "KLDivLoss", "loss_reduction": "batchmean"}


def test_each_kind_of_parameter_has_its_field(qtbot, bar):
    settings = Settings(
        optimizer="LBFGS", loss_label_smoothing=0.1, scheduler="MultiStepLR", scheduler_milestones="5, 9",
        clip="clip_grad_norm_", clip_max_norm=0.5,
    )  # fmt: skip
    bar.show_frame(frames.fresh(settings))
    fields = bar.options.fields
    assert fields["loss_label_smoothing"].text() == "0.1"
    assert fields["clip_max_norm"].text() == "0.5"
    assert fields["max_eval"].text() == ""
    assert fields["scheduler_milestones"].text() == "5, 9"
    assert fields["scheduler_per"].currentText() == "epoch"
    for name, typed, value in (
        ("max_eval", "30", 30),
        ("scheduler_milestones", "3,4", "3, 4"),
        ("clip_max_norm", "2", 2.0),
    ):
        fields[name].setText(typed)
        with qtbot.waitSignal(bar.asked) as got:
            fields[name].commit()
        assert changes(got) == {name: value}
    with qtbot.waitSignal(bar.asked) as got:
        pick(fields["loss_reduction"], "sum")
    assert changes(got) == {"loss_reduction": "sum"}
    fields["scheduler_milestones"].setText("soon")
    with qtbot.assertNotEmitted(bar.asked):
        fields["scheduler_milestones"].commit()


def test_the_learning_rate_is_the_one_that_a_scheduler_has_left(qtbot, bar):
    bar.show_frame(replace(frames.fresh(Settings(lr=0.1, scheduler="StepLR", scheduler_step_size=1)), lr=0.05))
    assert bar.lr.text() == "0.05"
    assert "StepLR" in bar.lr.toolTip()
    bar.lr.setText("0.1")  # what was set before can be set again
    with qtbot.waitSignal(bar.asked) as got:
        bar.lr.commit()
    assert changes(got) == {"lr": 0.1}
