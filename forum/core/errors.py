"""The four ways a verb says no; the web and the socket each map them once."""


class Refusal(Exception):
    """What a verb raises instead of acting; `message` is a finished sentence for the member."""

    def __init__(self, message: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(Refusal):
    """No such thing, or not for this viewer: the same answer for both."""


class Denied(Refusal):
    """The viewer may see the thing, but not do this with it."""


class Invalid(Refusal):
    """What was sent cannot be taken; `field` names the form field at fault, if one is."""


class Conflict(Refusal):
    """Somebody else was faster; nothing was changed."""


def require(allowed: bool, message: str = "") -> None:
    """Go on if `allowed`, else raise `Denied` with `message`."""
    if not allowed:
        raise Denied(message)
