"""Verbs that span two capabilities, over HTTP."""

from forum.workflows.views import comments, discussions, filings, transcripts
from forum.workflows.views.blueprint import bp

__all__ = ["bp", "comments", "discussions", "filings", "transcripts"]
