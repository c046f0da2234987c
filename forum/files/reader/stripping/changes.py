"""Tracked changes of Word, accepted: what was inserted is text like any other, what was deleted is gone."""

from lxml import etree

from forum.files.reader import markup

_INSERTED = frozenset({"ins", "moveTo"})
_DELETED = frozenset({"del", "moveFrom"})
_MARKS = frozenset(
    {
        "moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart", "moveToRangeEnd", "customXmlInsRangeStart",
        "customXmlInsRangeEnd", "customXmlDelRangeStart", "customXmlDelRangeEnd", "customXmlMoveFromRangeStart",
        "customXmlMoveFromRangeEnd", "customXmlMoveToRangeStart", "customXmlMoveToRangeEnd", "cellIns", "cellMerge",
    }
)  # fmt: skip
#: Where a mark says something of its holder instead of wrapping text.
_PROPERTIES = frozenset({"rPr", "trPr", "numPr", "tcPr"})


def accept(root: etree._Element) -> None:
    """Accept every tracked change below `root`."""
    for item in list(root.iter()):
        tag = markup.local(item)
        is_deleted = tag in _DELETED | {"cellDel"} and not _is_mark(item)
        if is_deleted or tag in _MARKS or tag.endswith("Change"):
            _remove(item)
    for item in [one for one in root.iter() if markup.local(one) in _INSERTED | _DELETED | {"cellDel"}]:
        if _is_mark(item):
            _settle(item)
        else:
            _unwrap(item)
    for table in [one for one in root.iter() if markup.local(one) == "tbl"]:
        if not any(markup.local(row) == "tr" for row in table.iter()):
            _remove(table)


def _is_mark(item: etree._Element) -> bool:
    holder = item.getparent()
    return holder is not None and markup.local(holder) in _PROPERTIES


def _settle(mark: etree._Element) -> None:
    """Carry out what a mark says of its row, cell or end of paragraph."""
    tag, properties = markup.local(mark), mark.getparent()
    properties.remove(mark)
    if tag in _INSERTED:
        return
    holder = properties.getparent()
    if markup.local(properties) == "trPr" or tag == "cellDel":
        _remove(holder)
    elif markup.local(holder) == "pPr" and holder.getparent() is not None:
        _join_with_next(holder.getparent())


def _join_with_next(paragraph: etree._Element) -> None:
    """The paragraph's end was deleted: what it says begins the next one."""
    following = paragraph.getnext()
    if following is None or markup.local(following) != "p":
        if (
            not _says_something(paragraph)
            and markup.local(paragraph.getparent()) == "body"
            and following is not None
        ):
            _remove(paragraph)
        return
    start = 1 if len(following) and markup.local(following[0]) == "pPr" else 0
    for offset, item in enumerate([item for item in paragraph if markup.local(item) != "pPr"]):
        following.insert(start + offset, item)
    _remove(paragraph)


def _says_something(paragraph: etree._Element) -> bool:
    return any(markup.local(item) != "pPr" for item in paragraph)


def _unwrap(item: etree._Element) -> None:
    holder = item.getparent()
    if holder is None:
        return
    place = holder.index(item)
    for offset, inner in enumerate(list(item)):
        holder.insert(place + offset, inner)
    holder.remove(item)


def _remove(item: etree._Element) -> None:
    holder = item.getparent()
    if holder is not None:
        holder.remove(item)
