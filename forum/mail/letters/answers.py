"""What of a mail's text is the answer: old mails, signatures and what programs add are cut, never more.

Line by line and without expressions that look back, so a long text takes no longer than its lines. Where it is
not clear whether something is the member's own words, it stays: too much can be edited, what is lost is lost.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Stands above what we send; what is typed above it is the answer, in whatever way a program quotes.
ANSWER_ABOVE = "---- Bitte über dieser Zeile antworten ----"
ANSWER_ABOVE_ENGLISH = "---- Please answer above this line ----"
_MARKS = (ANSWER_ABOVE.strip("- "), ANSWER_ABOVE_ENGLISH.strip("- "))
#: So much text is looked at, in characters: several times what a post may have.
LIMIT = 300_000
#: So many lines of a quote stay above the answer to it.
_CONTEXT = 8
_LONG = 400

_QUOTE = re.compile(r"[ \t]{0,3}>[> \t]*")
_RULE = re.compile(r"[-_=*–— ]{3,120}")
#: "-----Ursprüngliche Nachricht-----" and its cousins; the dashes are what tells them from words.
_BANNER = re.compile(
    r"[*_ ]{0,3}-{2,20} ?("
    r"urspr(ü|ue)ngliche (nachricht|mail|e-?mail)|original-?(nachricht|mail)|weitergeleitete nachricht"
    r"|original ?message|original appointment|original email|forwarded message|reply message|nachricht von .{1,80}"
    r") ?-{2,20}[*_ ]{0,3}",
    re.IGNORECASE,
)
_BANNER_WORDS = re.compile(
    r"(anfang der weitergeleiteten (nachricht|e-?mail)|begin forwarded message|urspr(ü|ue)ngliche nachricht"
    r"|original message|weitergeleitete nachricht) ?:",
    re.IGNORECASE,
)
#: The header of an old mail as programs write it into the text; the first of a block is one of `_FIRST`.
_LABEL = re.compile(
    r"[*_ \t]{0,4}(von|from|gesendet|sent|datum|date|an|to|cc|kopie|betreff|subject|antwort an|reply-to|bcc|priorität"
    r"|wichtigkeit|importance|priority|anlagen|attachments)[*_ \t]{0,3}:[*_ \t]{0,3}",
    re.IGNORECASE,
)
_FIRST = {"von", "from", "gesendet", "sent", "betreff", "subject", "datum", "date"}
_SENDERS = {"von", "from"}
_SENT = {"gesendet", "sent"}
_WROTE = re.compile(r"\b(schrieb|schreibt|geschrieben|wrote|writes)\b", re.IGNORECASE)
_MOMENT = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b20\d\d\b|\d{1,2}[./]\d{1,2}[./]\d{2}|@")
_CLOCK_OR_ADDRESS = re.compile(r"\b\d{1,2}:\d{2}\b|<[^<>\s]{3,200}>")
_OPENING = re.compile(r"(am|on|zitat von|quoting|den)\b", re.IGNORECASE)
#: What phones and programs put under a mail, as a whole line.
_DEVICE = re.compile(
    r"((diese (nachricht|e-?mail|mail) wurde )?(von|vom|mit|über|aus) (meine[mrn]?|mein|der|dem|einem) .{1,60}"
    r"(gesendet|geschickt|geschrieben|verfasst)( wurde)?"
    r"|(heute )?(gesendet|verschickt) (von|vom|mit|über|aus) .{1,80}|(sent|send) (from|with|via|using|by) .{1,80}"
    r"|((holen sie sich|hol dir|get) )?outlook (für|for) (ios|android|mac)( herunterladen)?|mobil gesendet"
    r")( ?[<(]https?://\S{1,300}[>)])?( herunterladen)?[.!]?",
    re.IGNORECASE,
)
#: One of these stands in it: "Von meinem Arbeitgeber wurde nichts geschickt" is no phone's doing.
_GADGET = re.compile(
    r"iphone|ipad|\bios\b|android|handy|smartphone|mobil|telefon|phone|tablet|gerät|device|samsung|galaxy|huawei|xiaomi"
    r"|blackberry|windows|macbook|outlook|thunderbird|k-9|fairemail|proton|yahoo|gmx|web\.de|t-online|telekom|freenet"
    r"|ionos|posteo|mailbox\.org|\bapp\b|apple",
    re.IGNORECASE,
)
_SCANNER = re.compile(
    r"(virenfrei|virus-free)\.? ?(www\.\S+)?|diese e-?mail wurde von .{1,40} auf viren (geprüft|überprüft).{0,40}"
    r"|this email has been checked for viruses.{0,60}",
    re.IGNORECASE,
)
_KINDLY = "(freundliche|beste|viele|liebe|herzliche|schöne|kollegiale|solidarische|sonnige|gute)[mnrs]?"
_CLOSING = re.compile(
    rf"(mit )?({_KINDLY} )?((und |, )?{_KINDLY} )?(gr(ü|ue)(ß|ss)(e|en)?|gru(ß|ss))( aus .{{1,40}}| an alle)?"
    r"|mfg|lg|vg|bg|glück ?auf"
    r"|((best|kind|warm|many) )?regards|best wishes|best|cheers|(yours )?sincerely|all the best|(many )?thanks",
    re.IGNORECASE,
)
#: What only signatures and disclaimers hold.
_CONTACT = re.compile(
    r"\b(tel|telefon|phone|fon|mobil|mobile|handy|fax|e-?mail|mail|web|internet)\b\.?( ?[:.]|  )"
    r"|\+\d{2}[ (/\d]|\(0\)|www\.|https?://|@[\w-]{1,60}\.|\b\d{5} [A-ZÄÖÜ]"
    r"|\b(gmbh|ag|kg|se|e\.v\.|mbh|ltd|inc)\b|handelsregister|amtsgericht|geschäftsführ|\bhrb\b|ust-?id",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"(diese|this) (e-?mail|mail|nachricht|message)\b.{0,120}\b(enthält vertrauliche|ausschließlich (für|an)"
    r"|nur für den|may contain|contains confidential|intended (only|solely|exclusively|for the))"
    r"|bitte denken sie an die umwelt|please consider the environment|der inhalt dieser (e-?mail|nachricht) ist"
    r"|think before you print|pflichtangaben gem|datenschutzhinweise finden",
    re.IGNORECASE,
)
_LIST_RULE = re.compile(r"_{40,60}")


@dataclass(slots=True)
class _Block:
    """Lines in a row that are all quoted, or all not."""

    is_quote: bool
    lines: list[str]


def answer_in(text: str) -> str:
    """What the sender wrote: lines of `text`, in their order; empty if there is nothing of their own.

    Between answers that stand among the lines of an old mail, the lines before each answer stay with "> ".
    """
    lines = [line.rstrip() if line.strip() != "--" else line for line in text[:LIMIT].split("\n")]
    lines = _above_our_mark(lines)
    lines = lines[: _old_mail_at(lines)]
    blocks = _own_words(_blocks(_without_openings(lines)))
    return _joined(blocks)


def _above_our_mark(lines: list[str]) -> list[str]:
    """What stands above our own line. Where it is quoted, the quotes say enough."""
    kept: list[str] = []
    is_first = True
    for line in lines:
        if len(line) >= 200 or not any(mark in line for mark in _MARKS):
            kept.append(line)
        elif is_first and not _QUOTE.match(line):
            is_first = False
            if any(above.strip() for above in kept[: _old_mail_at(kept)]):
                return kept
    return kept


def _old_mail_at(lines: list[str]) -> int:
    """Where an old mail begins that is not quoted line by line; the number of lines if there is none."""
    for number, line in enumerate(lines):
        bare = line.strip()
        if not bare or len(bare) > _LONG:
            continue
        if _BANNER.fullmatch(bare) or (_BANNER_WORDS.fullmatch(bare) and _labels(lines, number + 1) >= 2):
            return number
        if _is_header_block(lines, number) or _is_unquoted_opening(lines, number):
            while number and (not lines[number - 1].strip() or _RULE.fullmatch(lines[number - 1].strip())):
                number -= 1
            return number
        if _LIST_RULE.fullmatch(bare) and _is_list_footer(lines, number):
            return number
    return len(lines)


def _label(line: str) -> str:
    found = _LABEL.match(line[:100])
    return found[1].lower() if found else ""


def _labels(lines: list[str], start: int) -> int:
    return len({_label(line) for line in lines[start : start + 10]} - {""})


def _is_header_block(lines: list[str], number: int) -> bool:
    """Von, Gesendet, An, Betreff: from whom and at least two more, in lines that follow each other closely."""
    if _label(lines[number]) not in _FIRST:
        return False
    found: set[str] = set()
    has_address = False
    others = 0
    for line in lines[number : number + 14]:
        if label := _label(line):
            found.add(label)
            has_address = has_address or "@" in line
            others = 0
        elif line.strip():
            others += 1
            if others > 3:  # a long row of recipients may go over some lines
                break
    # "Von, An, Datum, Betreff" alone may be a memo that somebody wrote.
    is_of_a_mail = has_address or bool(found & _SENT)
    return bool(found & _SENDERS) and len(found) >= 3 and is_of_a_mail


def _is_list_footer(lines: list[str], number: int) -> bool:
    after = " ".join(lines[number + 1 : number + 4]).lower()
    return "mailing list" in after or "mailingliste" in after or "/listinfo" in after


def _opening(lines: list[str], number: int) -> int:
    """How many lines from here say "Am … schrieb …:"; 0 if they do not."""
    if not lines[number].strip() or len(lines[number]) > _LONG:
        return 0
    said = ""
    for count, line in enumerate(lines[number : number + 4], 1):
        if not line.strip() or line.lstrip().startswith(">"):
            return 0
        said = f"{said} {line.strip()}"[:_LONG]
        if _names_who_wrote(said) and (said.endswith(":") or _is_above_a_quote(said, lines, number + count)):
            return count
        if count == 1 and not (_OPENING.match(said.strip()) or _WROTE.search(said) or _MOMENT.search(said)):
            return 0
    return 0


def _names_who_wrote(said: str) -> bool:
    """Who and when; "Du hast geschrieben:" are somebody's own words."""
    if not (_WROTE.search(said) and _MOMENT.search(said)):
        return False
    return "geschrieben" not in said.lower() or bool(_CLOCK_OR_ADDRESS.search(said))


def _is_above_a_quote(said: str, lines: list[str], after: int) -> bool:
    """Without a colon it needs more: "Am 12.11.26 um 08:15 schrieb Netzwerk", and a quote below."""
    following = next((line for line in lines[after : after + 3] if line.strip()), "")
    return bool(_OPENING.match(said.strip()) and _QUOTE.match(following))


def _is_unquoted_opening(lines: list[str], number: int) -> bool:
    """An opening that names moment or address, with nothing quoted after it: what follows is the old mail."""
    count = _opening(lines, number)
    if not count:
        return False
    said = " ".join(line.strip() for line in lines[number : number + count])
    if not (_OPENING.match(said) or "<" in said) or not _CLOCK_OR_ADDRESS.search(said):
        return False
    after = next((line for line in lines[number + count : number + count + 6] if line.strip()), "")
    return not _QUOTE.match(after)


def _without_openings(lines: list[str]) -> list[str]:
    """Without the lines that say who wrote the quote below them."""
    kept: list[str] = []
    number = 0
    while number < len(lines):
        count = _opening(lines, number)
        if count:
            rest = lines[number + count : number + count + 4]
            after = next((line for line in rest if line.strip()), "")
            if _QUOTE.match(after):
                number += count
                continue
        kept.append(lines[number])
        number += 1
    return kept


def _blocks(lines: list[str]) -> list[_Block]:
    blocks: list[_Block] = []
    for line in lines:
        is_quote = bool(_QUOTE.match(line))
        if blocks and not line.strip():
            is_quote = blocks[-1].is_quote and not blocks[-1].is_quote  # an empty line belongs to the sender
        if not blocks or blocks[-1].is_quote != is_quote:
            blocks.append(_Block(is_quote, []))
        blocks[-1].lines.append(line)
    return blocks


def _own_words(blocks: list[_Block]) -> list[_Block]:
    """Without signatures, quotes that nobody answers, and blocks in which nothing is left."""
    for block in blocks:
        if not block.is_quote:
            block.lines = _without_signature(block.lines)
    blocks = _merged(block for block in blocks if block.is_quote or any(line.strip() for line in block.lines))
    while blocks and blocks[-1].is_quote:
        blocks.pop()
    if len(blocks) == 2 and blocks[0].is_quote:  # the whole answer stands below the old mail
        return blocks[1:]
    return blocks


def _merged(blocks: Iterator[_Block]) -> list[_Block]:
    merged: list[_Block] = []
    for block in blocks:
        if merged and merged[-1].is_quote == block.is_quote:
            merged[-1].lines.extend(block.lines)
        else:
            merged.append(block)
    return merged


def _joined(blocks: list[_Block]) -> str:
    pieces = []
    for block in blocks:
        lines = block.lines
        if block.is_quote:
            lines = [line for line in lines if line.strip(" \t>")][-_CONTEXT:]
        pieces.append("\n".join(lines).strip("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(pieces)).strip()


def _without_signature(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if line.rstrip() == "--" and (line == "-- " or _is_short(lines, number + 1)):
            lines = lines[:number]
            break
    lines = _without_devices(lines)
    lines = lines[: _contacts_at(lines)]
    return _without_devices(lines)


def _is_short(lines: list[str], start: int) -> bool:
    """Whether so little follows that it may be a signature."""
    if len(lines) - start > 20:
        return False
    there = [line for line in lines[start:] if line.strip()]
    return len(there) <= 10 and all(len(line) <= 100 for line in there)


def _without_devices(lines: list[str]) -> list[str]:
    """Without "Von meinem iPhone gesendet" and the like at the end."""
    end = len(lines)
    number = end
    while number:
        bare = lines[number - 1].strip()
        if bare and len(bare) < _LONG and _is_added(bare):
            end = number - 1
        elif bare and not _RULE.fullmatch(bare):
            break
        number -= 1
    return lines[:end]


def _is_added(line: str) -> bool:
    return bool(_SCANNER.fullmatch(line) or (_DEVICE.fullmatch(line) and _GADGET.search(line)))


def _contacts_at(lines: list[str]) -> int:
    """Where the address block below "Mit freundlichen Grüßen" and the name begins, or a disclaimer."""
    last = len(lines)
    for number in range(len(lines) - 1, max(-1, len(lines) - 40), -1):
        bare = lines[number].strip().rstrip(",.!")
        if len(bare) < 80 and _CLOSING.fullmatch(bare):
            return _below_the_name(lines, number)
    for number in range(max(0, len(lines) - 25), len(lines)):
        if _DISCLAIMER.search(lines[number][:_LONG]) and any(line.strip() for line in lines[:number]):
            return number
    return last


def _below_the_name(lines: list[str], closing: int) -> int:
    below = [number for number in range(closing + 1, len(lines)) if lines[number].strip()]
    if len(below) < 2:
        return len(lines)
    rest = [lines[number].strip() for number in below[1:]]
    if not any(_CONTACT.search(line[:_LONG]) or _DISCLAIMER.search(line[:_LONG]) for line in rest):
        return len(lines)  # perhaps more names, perhaps a postscript
    if any(line.lower().startswith(("ps", "p.s.", "nachtrag", "nb:")) for line in rest):
        return len(lines)
    return below[1]
