"""What members carry from one capability into another; each verb takes the viewer first and asks both sides."""

from forum.workflows.service import comments, discussions, filings, transcripts

__all__ = ["comments", "discussions", "filings", "transcripts"]
