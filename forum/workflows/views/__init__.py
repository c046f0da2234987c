"""Verbs that span two capabilities, over HTTP."""

from forum.workflows.views import discussions, filings, transcripts
from forum.workflows.views.blueprint import bp

__all__ = ["bp", "discussions", "filings", "transcripts"]
