"""What a client may send: that it enters a namespace, leaves it, or an event with its data."""

from typing import Any

from socketio.packet import CONNECT, DISCONNECT, EVENT
from socketio.packet import Packet as SocketPacket


class Unreadable(ValueError):
    """Not what our clients send."""


class Packet(SocketPacket):
    """A packet without attachments: what is announced as one is collected until it is whole, however much that is."""

    uses_binary_events = False

    def decode(self, encoded_packet: Any) -> int:
        """Read what a client sent. Raises `Unreadable`, and nothing else."""
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, TypeError, LookupError, RecursionError):
            raise Unreadable from None
        if attachments or not self._is_known():
            raise Unreadable
        return 0

    def _is_known(self) -> bool:
        if self.packet_type == EVENT:
            return isinstance(self.data, list) and bool(self.data) and isinstance(self.data[0], str)
        return self.packet_type in (CONNECT, DISCONNECT)
