import gc
import threading

import pytest
from PySide6.QtCore import QThread

from lenet_gui.channel import Channel
from lenet_gui.gui.bridge import Bridge, GarbageCollector
from lenet_gui.protocol import Command, Line, Run
from tests.gui import frames

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def channel():
    return Channel()


@pytest.fixture
def bridge(channel):
    made = Bridge(channel)
    made.start()
    yield made
    made.close()


def in_worker(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_what_the_worker_gives_arrives_in_the_windows_thread(qtbot, qapp, channel, bridge):
    threads = []
    bridge.frame.connect(lambda _: threads.append(QThread.currentThread()))
    frame = frames.fresh()
    with qtbot.waitSignal(bridge.numbers) as got:
        in_worker(lambda: channel.give(frame)).join()
    assert got.args[0] is frame
    assert threads == [qapp.thread()]


def test_what_came_before_the_start_is_not_lost(qtbot):
    channel = Channel()
    bridge = Bridge(channel)
    channel.give(Line("note", "early", ""))
    with qtbot.waitSignal(bridge.lines) as got:
        bridge.start()
    assert got.args[0] == [Line("note", "early", "")]
    bridge.close()


def test_no_console_line_is_lost_or_swapped_during_a_run(qtbot, channel, bridge):
    lines = []
    bridge.lines.connect(lines.extend)

    def run():
        for step in range(2000):
            channel.give(Line("command", str(step), ""))
            if step % 50 == 0:
                channel.give(frames.running(step))
        channel.give(frames.fresh())

    worker = in_worker(run)
    qtbot.waitUntil(lambda: len(lines) == 2000)
    worker.join()
    assert [int(line.code) for line in lines] == list(range(2000))


def test_the_worker_is_asked_for_the_next_frame_when_one_was_delivered(qtbot, channel, bridge):
    channel.wants_frame = False
    with qtbot.waitSignal(bridge.frame):
        in_worker(lambda: channel.give(frames.running())).join()
    qtbot.waitUntil(lambda: channel.wants_frame)


def test_numbers_come_seldom_in_a_run_at_full_speed_and_always_at_its_end(qtbot, channel, bridge):
    light, heavy = [], []
    bridge.frame.connect(light.append)
    bridge.numbers.connect(heavy.append)
    bridge.send(Run())
    for step in range(6):
        with qtbot.waitSignal(bridge.frame):
            channel.give(frames.running(step))
    assert len(light) == 6
    assert len(heavy) < 6
    with qtbot.waitSignal(bridge.numbers):
        channel.give(frames.after_backward())


def test_a_slow_run_shows_every_number(qtbot, channel, bridge):
    heavy = []
    bridge.numbers.connect(heavy.append)
    bridge.send(Run(rate=20.0))
    for step in range(4):
        with qtbot.waitSignal(bridge.frame):
            channel.give(frames.running(step))
    assert len(heavy) == 4


def test_after_the_end_nothing_is_sent_or_delivered(qtbot, channel, bridge):
    bridge.close()
    with qtbot.assertNotEmitted(bridge.frame, wait=50):
        bridge.send(Command("forward"))
        channel.give(frames.fresh())
    assert channel.receive(0) is None
    assert channel.receive(0) is None


def test_the_collector_runs_in_the_windows_thread_only(qtbot):
    collector = GarbageCollector()
    threads = []
    gc.callbacks.append(lambda phase, _: threads.append(threading.current_thread()) if phase == "start" else None)
    try:
        assert not gc.isenabled()
        in_worker(lambda: [[[]] for _ in range(50_000)]).join()
        assert not threads
        qtbot.waitUntil(lambda: bool(threads), timeout=5000)
        assert set(threads) == {threading.main_thread()}
    finally:
        gc.callbacks.pop()
        collector.close()
    assert gc.isenabled()
