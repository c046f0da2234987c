"""What administrators decide about work in the background."""

from forum.audit.service import record
from forum.core.access import Viewer
from forum.jobs import service as jobs


def discard(viewer: Viewer, job_id: int) -> None:
    """Have the work never done, and note who decided it; errors as of `jobs.service.discard`."""
    name = jobs.discard(viewer, job_id)
    record(viewer, "job.discarded", job_id, note=name)
