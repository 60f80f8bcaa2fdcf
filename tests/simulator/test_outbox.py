"""What a station has to say goes out in order, one at a time, and transaction messages until they were heard."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from voltloom.simulator.outbox import Message, Outbox
from voltloom.simulator.words import said


def box(tries=3, wait_s=10.0):
    return Outbox(lambda: (tries, wait_s), Random(1), Counter())


def durable(name):
    return Message(said(name, {"n": name}), durable=True)


def passing(name, *, early=False):
    return Message(said(name, {}), early=early)


def names(outbox, now=0.0):
    """Drains it, everything answered at once."""
    found = []
    while (message := outbox.next(now, early_only=False)) is not None:
        found.append(message.said.action)
        outbox.ended(message)
    return found


def test_one_is_in_flight_at_a_time():
    outbox = box()
    outbox.add(durable("A"))
    outbox.add(passing("B"))
    first = outbox.next(0, early_only=False)
    assert first is not None
    assert outbox.next(0, early_only=False) is None
    assert len(outbox) == 2
    outbox.ended(first)
    assert names(outbox) == ["B"]


def test_before_the_boot_only_the_boot_goes():
    outbox = box()
    outbox.add(durable("A"))
    outbox.add(passing("Boot", early=True))
    message = outbox.next(0, early_only=True)
    assert message is not None
    assert message.said.action == "Boot"


def test_a_lost_link_keeps_transaction_messages_with_their_id_and_order():
    outbox = box()
    for message in (durable("A"), passing("B"), durable("C")):
        outbox.add(message)
    flying = outbox.next(0, early_only=False)
    assert flying is not None
    flying.id = "7"
    assert [m.said.action for m in outbox.forget()] == ["B"]
    again = outbox.next(0, early_only=False)
    assert again is flying
    assert again.id == "7"
    outbox.ended(again)
    assert names(outbox) == ["C"]


def test_a_failed_one_is_tried_later_and_holds_the_others_of_its_kind_back():
    outbox = box()
    first = durable("A")
    outbox.add(first)
    outbox.add(durable("C"))
    outbox.add(passing("B"))
    assert outbox.next(0, early_only=False) is first
    outbox.ended(first)
    assert outbox.again(first, now=0)
    assert names(outbox, now=0) == ["B"]
    assert outbox.due(now=0) == 10
    assert names(outbox, now=10) == ["A", "C"]


def test_each_wait_is_longer_and_the_last_failure_is_final():
    outbox = box(tries=3)
    message = durable("A")
    outbox.add(message)
    waits = []
    while True:
        assert outbox.next(1e9, early_only=False) is message
        outbox.ended(message)
        if not outbox.again(message, now=0):
            break
        waits.append(message.not_before)
    assert waits == [10, 20]
    assert len(outbox) == 0


def test_what_has_nothing_to_say_any_more_is_passed_over():
    outbox = box()
    outbox.add(Message(said("A", {})._replace(write=lambda: None), durable=True))
    outbox.add(durable("B"))
    assert names(outbox) == ["B"]


@given(st.integers(1, 60))
def test_a_clumsy_queue_loses_nothing(count):
    outbox = box()
    for number in range(count):
        outbox.add(durable(str(number)))
        outbox.disturb(swaps=True)
    assert set(names(outbox)) == {str(n) for n in range(count)}
