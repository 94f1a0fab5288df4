from playground.recording.pacing import Pacer


def settle(pacer: Pacer, lag: float) -> float:
    for _ in range(200):
        pacer.sample(lag)
    return pacer.window


def test_the_window_follows_the_lag_of_the_loop() -> None:
    pacer = Pacer()
    assert pacer.window == 0
    assert settle(pacer, 0.002) == 0
    assert settle(pacer, 0.02) == 0.033
    assert settle(pacer, 0.2) == 0.05
    assert settle(pacer, 0.002) == 0


def test_one_late_timer_in_a_hundred_changes_nothing() -> None:
    pacer = Pacer()
    settle(pacer, 0.001)
    pacer.sample(0.5)
    for _ in range(9):
        pacer.sample(0.001)
    assert pacer.window == 0


def test_only_a_lag_that_lasts_and_is_of_our_own_making_is_overload() -> None:
    pacer = Pacer()
    pacer.sample(0.5)
    assert pacer.overload < 0.1
    for _ in range(20):  # each is as long as it was late: ten seconds
        pacer.sample(0.5, busy=0.3)
    assert pacer.overload < 0.1
    for _ in range(20):
        pacer.sample(0.5, busy=1.1)
    assert pacer.overload > 0.4
    for _ in range(500):  # ten seconds
        pacer.sample(0.0)
    assert pacer.overload < 0.05
