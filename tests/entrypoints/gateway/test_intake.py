"""What comes in one turn of the event loop is heard after it, in order."""

import asyncio

from voltloom.entrypoints.gateway.intake import Intake


class Listener:
    def __init__(self, heard: list[bytes]) -> None:
        self.heard = heard

    def hear(self, message: bytes, text: str) -> None:
        if text == "mistake":
            raise RuntimeError("a mistake of ours")
        self.heard.append(message)


def test_messages_are_heard_after_the_turn_in_which_they_came_in_their_order():
    async def story() -> None:
        heard: list[bytes] = []
        intake, one, other = Intake(), Listener(heard), Listener(heard)
        for number, listener in enumerate((one, other, one)):
            intake.add(listener, b"%d" % number, str(number))
        assert heard == []
        await asyncio.sleep(0)
        assert heard == [b"0", b"1", b"2"]
        intake.add(one, b"3", "3")
        await asyncio.sleep(0)
        assert heard[3:] == [b"3"]

    asyncio.run(story())


def test_a_mistake_with_one_message_does_not_cost_the_others():
    async def story() -> None:
        heard: list[bytes] = []
        intake, listener = Intake(), Listener(heard)
        for text in ("before", "mistake", "after"):
            intake.add(listener, text.encode(), text)
        intake.flush()
        assert heard == [b"before", b"after"]
        await asyncio.sleep(0)
        assert heard == [b"before", b"after"]

    asyncio.run(story())
