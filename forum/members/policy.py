"""Who may do what with members; every answer from the arguments alone."""

from forum.core.access import Viewer


def may_administer(viewer: Viewer) -> bool:
    """Suspend, reactivate, appoint: the machine's side of membership."""
    return viewer.is_administrator
