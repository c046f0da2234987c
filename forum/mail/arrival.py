"""Does our mail arrive? What the DNS and the mail server say about it.

Every check gives a `Finding`: a code with values, which `mail.sentences` puts into words. The checks ask side by
side and within seconds; a check that gets no answer says that, and nothing else.
"""

import enum
import ipaddress
import smtplib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import dns.exception
import dns.resolver

from forum.config import Settings
from forum.mail.composing import domain_of
from forum.mail.dkim import BadKey, Signer, fields_of, signer_of
from forum.mail.faults import Fault, NotTaken
from forum.mail.line import connect

#: How long a question may take, and all checks together, in seconds.
_QUESTION, _ALL = 2.0, 5.0
#: So many further records an SPF record may make one ask for (RFC 7208, 4.6.4).
_SPF_LOOKUPS = 10
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_UNUSABLE = ("localhost", ".localhost", ".example", ".invalid", ".test", ".local")


class State(enum.StrEnum):
    """How a check ended."""

    FINE = "fine"
    BETTER = "better"
    WRONG = "wrong"
    UNKNOWN = "unknown"


class Check(enum.StrEnum):
    """What is checked, in the order of the page."""

    SERVER = "server"
    DOMAIN = "domain"
    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    SITE = "site"
    IMPRINT = "imprint"


@dataclass(frozen=True, slots=True)
class Record:
    """A record that would help: its name in the DNS, its kind, its text."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `code` tells `mail.sentences` which sentence it is, `values` what stands in it."""

    check: Check
    state: State
    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    record: Record | None = None


class Unanswered(Exception):
    """The DNS could not be asked; the message is a short reason."""


class Names(Protocol):
    """Who can be asked for records of the DNS."""

    def ask(self, name: str, kind: str) -> list[str]:
        """The texts of all records of that kind (TXT without its quotation marks); none is an answer, too.

        `Unanswered` if nobody could say.
        """


class Resolver:
    """The DNS as this machine sees it."""

    def ask(self, name: str, kind: str) -> list[str]:
        try:
            resolver = dns.resolver.Resolver()
            answer = resolver.resolve(name, kind, lifetime=_QUESTION, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as fault:
            raise Unanswered(type(fault).__name__) from fault
        if kind == "TXT":
            return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
        return [record.to_text() for record in answer]


def check_arrival(settings: Settings, names: Names) -> list[Finding]:
    """All checks, in the order of `Check`; in at most five seconds. Touches no database."""
    checks: dict[Check, Callable[[Settings, Names], Finding]] = {
        Check.SERVER: _check_server,
        Check.DOMAIN: _check_domain,
        Check.SPF: _check_spf,
        Check.DKIM: _check_dkim,
        Check.DMARC: _check_dmarc,
        Check.SITE: _check_site,
        Check.IMPRINT: _check_imprint,
    }
    pool = ThreadPoolExecutor(len(checks), thread_name_prefix="arrival")
    under_way = {check: pool.submit(_asked, check, ask, settings, names) for check, ask in checks.items()}
    wait(under_way.values(), timeout=_ALL)
    pool.shutdown(wait=False, cancel_futures=True)
    late = {"why": "timeout"}
    return [
        answer.result() if answer.done() else Finding(check, State.UNKNOWN, "unknown", late)
        for check, answer in under_way.items()
    ]


def _asked(
    check: Check, ask: Callable[[Settings, Names], Finding], settings: Settings, names: Names
) -> Finding:
    try:
        return ask(settings, names)
    except Unanswered as fault:
        return Finding(check, State.UNKNOWN, "unknown", {"why": str(fault)})


def _check_server(settings: Settings, _names: Names) -> Finding:
    check, values = Check.SERVER, {"host": settings.smtp_host, "port": str(settings.smtp_port)}
    if not settings.smtp_host:
        return Finding(check, State.WRONG, "server.none")
    try:
        server = connect(settings, _QUESTION)
    except NotTaken as fault:
        codes = {Fault.ENCRYPTION: "server.encryption", Fault.LOGIN: "server.login"}
        code = codes.get(fault.fault, "server.unreachable")
        return Finding(check, State.WRONG, code, values | {"words": fault.words})
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    if settings.smtp_security == "none" and settings.smtp_host not in _LOCAL:
        return Finding(check, State.BETTER, "server.open", values)
    return Finding(check, State.FINE, "server.fine", values)


def _check_domain(settings: Settings, names: Names) -> Finding:
    check, domain = Check.DOMAIN, domain_of(settings.mail_from)
    values = {"domain": domain}
    if domain.endswith(_UNUSABLE):
        return Finding(check, State.WRONG, "domain.local", values)
    servers = names.ask(domain, "MX")
    if [server.split()[-1] for server in servers] == ["."]:
        return Finding(check, State.WRONG, "domain.takes_none", values)
    if servers:
        return Finding(check, State.FINE, "domain.fine", values)
    if _addresses(names, domain):
        return Finding(check, State.BETTER, "domain.no_mx", values)
    return Finding(check, State.WRONG, "domain.none", values)


def _check_spf(settings: Settings, names: Names) -> Finding:
    check, domain = Check.SPF, domain_of(settings.mail_reply_address or settings.mail_from)
    # Mail handed to this machine itself goes out from the network's own address.
    host = _site(settings) if settings.smtp_host in {"", *_LOCAL} else settings.smtp_host
    values = {"domain": domain, "host": host}
    if domain.endswith(_UNUSABLE):
        return Finding(check, State.UNKNOWN, "domain.first")
    found = _spf_records(names, domain)
    source = _mechanism(host)
    if not found:
        record = Record(domain, "TXT", f"v=spf1 {source} ~all")
        return Finding(check, State.WRONG, "spf.none", values, record)
    if len(found) > 1:
        return Finding(check, State.WRONG, "spf.several", values)
    terms = found[0].lower().split()[1:]
    if {"all", "+all"} & set(terms):
        return Finding(check, State.WRONG, "spf.everybody", values)
    ours = _addresses(names, host)
    if not ours:
        return Finding(check, State.UNKNOWN, "spf.no_address", values)
    if _Spf(names).allows(domain, ours):
        return Finding(check, State.FINE, "spf.fine", values)
    better = Record(domain, "TXT", " ".join([found[0].split()[0], source, *found[0].split()[1:]]))
    return Finding(check, State.BETTER, "spf.not_named", values, better)


def _check_dkim(settings: Settings, names: Names) -> Finding:
    check = Check.DKIM
    try:
        signer: Signer | None = signer_of(settings)
    except BadKey as fault:
        return Finding(check, State.WRONG, "dkim.bad_key", {"file": settings.dkim_key, "words": str(fault)})
    if signer is None:
        return Finding(check, State.BETTER, "dkim.none")
    record, values = Record(signer.place, "TXT", signer.record), {"place": signer.place}
    published = names.ask(signer.place, "TXT")
    if not published:
        return Finding(check, State.WRONG, "dkim.not_published", values, record)
    there, ours = fields_of(published[0]), fields_of(signer.record)
    if len(published) > 1 or there.get("p") != ours["p"] or there.get("k", "rsa") != ours["k"]:
        return Finding(check, State.WRONG, "dkim.other_key", values, record)
    if "y" in there.get("t", "").split(":"):
        return Finding(check, State.BETTER, "dkim.testing", values, record)
    return Finding(check, State.FINE, "dkim.fine", values)


def _check_dmarc(settings: Settings, names: Names) -> Finding:
    check, domain = Check.DMARC, domain_of(settings.mail_from)
    reports = f"; rua=mailto:{settings.operator_email}" if settings.operator_email else ""
    record = Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=quarantine{reports}")
    values = {"domain": domain}
    if domain.endswith(_UNUSABLE):
        return Finding(check, State.UNKNOWN, "domain.first")
    for place in _domain_and_above(domain):
        found = [text for text in names.ask(f"_dmarc.{place}", "TXT") if text.lower().startswith("v=dmarc1")]
        if len(found) > 1:
            return Finding(check, State.WRONG, "dmarc.several", {"domain": place})
        if found:
            fields = fields_of(found[0])
            policy = fields.get("p", "") if place == domain else fields.get("sp", fields.get("p", ""))
            if policy in {"quarantine", "reject"}:
                return Finding(check, State.FINE, "dmarc.fine", values | {"policy": policy})
            return Finding(check, State.BETTER, "dmarc.only_watches", values, record)
    return Finding(check, State.WRONG, "dmarc.none", values, record)


def _check_site(settings: Settings, names: Names) -> Finding:
    check, host = Check.SITE, _site(settings)
    values = {"url": settings.public_url, "host": host}
    if host in _LOCAL or host.endswith(_UNUSABLE) or _is_number(host):
        return Finding(check, State.WRONG, "site.local", values)
    if not _addresses(names, host):
        return Finding(check, State.WRONG, "site.none", values)
    if not settings.is_https:
        return Finding(check, State.WRONG, "site.open", values)
    return Finding(check, State.FINE, "site.fine", values)


def _check_imprint(settings: Settings, _names: Names) -> Finding:
    given = {
        "NETWORK_OPERATOR_NAME": settings.operator_name,
        "NETWORK_OPERATOR_ADDRESS": settings.operator_address,
        "NETWORK_OPERATOR_EMAIL": settings.operator_email,
    }
    missing = [name for name, value in given.items() if not value]
    if missing:
        return Finding(Check.IMPRINT, State.WRONG, "imprint.missing", {"names": ", ".join(missing)})
    return Finding(Check.IMPRINT, State.FINE, "imprint.fine", {"name": settings.operator_name})


class _Spf:
    """Whether an SPF record lets our addresses send: mechanisms that name machines, and records it refers to."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._lookups = 0

    def allows(self, domain: str, ours: Sequence[str]) -> bool:
        """Whether one of our addresses is allowed. What only a mail on its way tells (macros, ptr) counts as no."""
        found = _spf_records(self._names, domain)
        if len(found) != 1:
            return False
        further = ""
        for term in found[0].split()[1:]:
            if term.lower().startswith("redirect="):
                further = term[9:]
            elif term[0] not in "-~?" and self._names_us(term.lstrip("+"), domain, ours):
                return True
        return bool(further) and self._may_ask() and self.allows(further, ours)

    def _names_us(self, term: str, domain: str, ours: Sequence[str]) -> bool:
        kind, _sign, value = term.partition(":")
        kind, _slash, length = kind.partition("/")
        kind = kind.lower()
        if kind in {"ip4", "ip6"}:
            return _is_within(ours, value)
        if "%" in value or kind not in {"a", "mx", "include"} or not self._may_ask():
            return False
        if kind == "include":
            return self.allows(value, ours)
        host, _slash, other_length = value.partition("/")
        host, length = host or domain, other_length or length
        hosts = [host]
        if kind == "mx":
            hosts = [server.split()[-1].rstrip(".") for server in self._names.ask(host, "MX")][:_SPF_LOOKUPS]
        found = [address for name in hosts for address in _addresses(self._names, name)]
        return any(_is_within(ours, f"{address}/{length}" if length else address) for address in found)

    def _may_ask(self) -> bool:
        self._lookups += 1
        return self._lookups <= _SPF_LOOKUPS


def _mechanism(host: str) -> str:
    """How an SPF record names the host; one that only this machine knows is the domain's own mail server."""
    if host in _LOCAL:
        return "mx"
    if not _is_number(host):
        return f"a:{host}"
    return f"ip{ipaddress.ip_address(host).version}:{host}"


def _spf_records(names: Names, domain: str) -> list[str]:
    return [text for text in names.ask(domain, "TXT") if text.lower().split()[:1] == ["v=spf1"]]


def _is_within(ours: Sequence[str], network: str) -> bool:
    try:
        whole = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
    return any(ipaddress.ip_address(address) in whole for address in ours)


def _addresses(names: Names, host: str) -> list[str]:
    if _is_number(host):
        return [host]
    return [*names.ask(host, "A"), *names.ask(host, "AAAA")]


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _domain_and_above(domain: str) -> list[str]:
    """The domain, and those above it that are no top-level ones: DMARC looks there, too."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]


def _site(settings: Settings) -> str:
    return urlsplit(settings.public_url).hostname or ""
