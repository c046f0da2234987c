"""The bell over Socket.IO: the count, live, on all devices."""

from collections.abc import Iterable

from forum.core.access import Viewer
from forum.notifications.queries import bell
from forum.notifications.service.notices import EVERYBODY, NAMESPACE
from forum.realtime.namespace import Answer, Data, Namespace, event


class Notices(Namespace):
    """Members hear that there is something under their bell; what it is they ask for."""

    def __init__(self) -> None:
        super().__init__(NAMESPACE)

    def channels_of(self, viewer: Viewer) -> Iterable[str]:
        """Where all hear that many of them were told something."""
        return (EVERYBODY,)

    @event()
    def on_count(self, viewer: Viewer, data: Data) -> Answer:
        """How many things have something new, in the words of the bell."""
        return bell.shown(bell.count_unread(viewer))
