"""What is read of what a client sends, and what is not."""

import pytest
from socketio.packet import CONNECT, EVENT

from forum.realtime.packets import Packet, Unreadable


def test_entering_and_events_are_read() -> None:
    entering, event = Packet(encoded_packet="0/chat,"), Packet(encoded_packet='2/chat,7["open",{"room":1}]')
    assert (entering.packet_type, entering.namespace) == (CONNECT, "/chat")
    assert (event.packet_type, event.id, event.data) == (EVENT, 7, ["open", {"room": 1}])


@pytest.mark.parametrize(
    "sent",
    [
        '51-/chat,["open",{"_placeholder":true,"num":0}]',
        '59999999999-/chat,["open",{}]',
        '50-/chat,["open",{}]',
        '21-/chat,["open",{}]',
        "61-/chat,1[]",
        "3/chat,1[]",
        "4/chat,{}",
        "9/chat,",
        "x",
        "2/chat,",
        "2/chat,5",
        "2/chat,{}",
        "2/chat,[]",
        "2/chat,[[]]",
        "2/chat,[{}]",
        '2/chat,["open"',
        "2/chat," + "[" * 60_000,
        "2/chat,[" + "9" * 60_000 + "]",
        {"a": 1},
        b"\x00\xff",
    ],
)
def test_nothing_else_is_and_nothing_waits_for_its_attachments(sent: object) -> None:
    with pytest.raises(Unreadable):
        Packet(encoded_packet=sent)
