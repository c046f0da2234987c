"""What Rich Text tells about its makers."""

from pathlib import Path
from typing import Any

from forum.files.reader import makers, remote, richtext
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
            Finding.REMOTE: _fetched(content),
            Finding.SCRIPTS: any(map(remote.is_dde, richtext.instructions(content))),
            Finding.ATTACHMENTS: ["…"] * min(content.count(b"\\objdata"), makers.LIMIT),
        },
        None,
        False,
    )


def _fetched(content: bytes) -> list[str]:
    """Where its template, its fields and the objects tied to it lie."""
    found = remote.hosts(richtext.values(content, b"template"))
    for instruction in richtext.instructions(content):
        found += remote.fetched(instruction)
    if b"\\objautlink" in content or b"\\objlink" in content:
        found += remote.hosts(richtext.objects(content)) or [remote.SOMEWHERE]
    return list(dict.fromkeys(found))[: makers.LIMIT]
