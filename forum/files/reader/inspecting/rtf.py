"""What Rich Text tells about its makers."""

from pathlib import Path
from typing import Any

from forum.files.reader import makers, richtext
from forum.files.reader.codes import Finding


def look(path: Path) -> tuple[dict[Finding, Any], None, bool]:
    """Findings; pages are not counted."""
    content = richtext.read(path)
    return (
        {
            Finding.AUTHORS: makers.names(
                richtext.values(content, b"author")
                + richtext.values(content, b"operator")
                + richtext.values(content, b"atnauthor")
            ),
            Finding.COMPANY: makers.names(richtext.values(content, b"company")),
            Finding.MANAGER: makers.names(richtext.values(content, b"manager")),
            Finding.COMMENTS: content.count(b"\\annotation"),
            Finding.CHANGES: content.count(b"\\revised") + content.count(b"\\deleted"),
            Finding.ATTACHMENTS: ["…"] * min(content.count(b"\\objdata"), makers.LIMIT),
        },
        None,
        False,
    )
