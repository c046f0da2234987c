"""What the codes of mail mean, in sentences that say what to do."""

from typing import Any

from flask_babel import lazy_gettext as _l

from forum.mail.arrival import Check, Finding
from forum.mail.faults import Fault
from forum.mail.models import Outcome


def reason(code: str) -> str:
    """Why a mail has not left, for a code of `Fault`; "" for none."""
    if not code:
        return ""
    return str(_REASONS.get(code, _UNKNOWN_REASON))


def incoming(outcome: str) -> str:
    """What became of a mail that came in, for a code of `Outcome`; what it was refused with is a sentence already."""
    return str(_OUTCOMES.get(outcome, outcome))


def check_name(check: Check) -> str:
    """What is checked."""
    return str(_CHECKS[check])


def outcome(finding: Finding) -> str:
    """What a check found."""
    return str(_FINDINGS[finding.code][0]) % finding.values


def advice(finding: Finding) -> str:
    """What to do about it; "" where nothing is to be done."""
    return str(_FINDINGS[finding.code][1]) % finding.values


_UNKNOWN_REASON = _l("Der Mailserver hat die Mail nicht angenommen.")
_REASONS: dict[str, Any] = {
    Fault.UNREACHABLE: _l("Der Mailserver ist nicht erreichbar. Alle Mails warten, bis er wieder da ist."),
    Fault.ENCRYPTION: _l(
        "Die Verbindung zum Mailserver lässt sich nicht sicher verschlüsseln. Alle Mails warten."
    ),
    Fault.LOGIN: _l("Der Mailserver nimmt Name oder Passwort nicht an. Alle Mails warten."),
    Fault.KEY: _l("Der Schlüssel für die Unterschrift ist nicht lesbar. Alle Mails warten."),
    Fault.FOLDER: _l("Der Ordner für die Mails lässt sich nicht beschreiben. Alle Mails warten."),
    Fault.SENDER: _l(
        "Der Mailserver nimmt unsere Absenderadresse nicht an. Sie muss zur Anmeldung am Mailserver passen."
    ),
    Fault.BROKEN_OFF: _l("Die Verbindung ist abgebrochen, oder der Mailserver hat nicht geantwortet."),
    Fault.LATER: _l("Die andere Seite bittet um einen späteren Versuch. Das ist bei neuen Absendern üblich."),
    Fault.FULL: _l("Das Postfach ist voll."),
    Fault.NO_MAILBOX: _l("Diese Adresse gibt es nicht, oder sie nimmt keine Mails an."),
    Fault.REFUSED: _l(
        "Die andere Seite lehnt unsere Mail ab. Prüfe unter „Kommt Mail an?“, ob alles eingerichtet ist."
    ),
    Fault.BROKEN: _l("Diese Mail ließ sich nicht fertigstellen. Das liegt an uns."),
    Fault.ADDRESS: _l("An diese Adresse lässt sich keine Mail schreiben. Sie ist falsch geschrieben."),
}
_OUTCOMES: dict[str, Any] = {
    Outcome.ANSWER: _l("Die Antwort steht im Netzwerk."),
    Outcome.BOUNCE: _l("Eine unserer Mails kam nicht an."),
    Outcome.DELAYED: _l("Eine unserer Mails kommt später an. Der Mailserver dort versucht es weiter."),
    Outcome.STRAY_BOUNCE: _l("Meldung zu einer Mail, die nicht von uns ist."),
    Outcome.AUTOMATIC: _l(
        "Von einem Programm geschickt, etwa eine Abwesenheitsnotiz. Darauf antworten wir nie."
    ),
    Outcome.LIST: _l("Über eine Mailingliste oder als Rundmail geschickt. Darauf antworten wir nie."),
    Outcome.OWN: _l("Eine unserer eigenen Mails kam zu uns zurück."),
    Outcome.NOT_OURS: _l("Nicht an eine Antwortadresse gerichtet."),
    Outcome.FORGED: _l("Der Absender ist gefälscht, sagt euer Mailserver."),
    Outcome.FILES: _l("Es kamen nur Dateien, und sie wurden nicht angenommen."),
    Outcome.STUCK: _l(
        "Diese Mail ließ sich nicht abholen. Sie liegt im Postfach, als gelesen und mit Stern gekennzeichnet."
    ),
}
_CHECKS: dict[Check, Any] = {
    Check.SERVER: _l("Mailserver"),
    Check.DOMAIN: _l("Absenderdomain"),
    Check.SPF: _l("Wer für die Domain verschicken darf (SPF)"),
    Check.DKIM: _l("Unterschrift (DKIM)"),
    Check.DMARC: _l("Umgang mit Fälschungen (DMARC)"),
    Check.SITE: _l("Adresse des Netzwerks"),
    Check.IMPRINT: _l("Impressum"),
}
_FINDINGS: dict[str, tuple[Any, Any]] = {
    "unknown": (
        _l("Es kam keine Antwort (%(why)s)."),
        _l("Vielleicht erreicht dieser Rechner das Internet nicht. Versuche es später noch einmal."),
    ),
    "server.none": (
        _l("Es ist kein Mailserver eingestellt. Mails liegen als Dateien auf diesem Rechner."),
        _l("Trage in NETWORK_SMTP_HOST den Mailserver ein, dazu Anschluss, Name und Passwort."),
    ),
    "server.unreachable": (
        _l("%(host)s antwortet am Anschluss %(port)s nicht: %(words)s"),
        _l(
            "Prüfe NETWORK_SMTP_HOST und NETWORK_SMTP_PORT, und ob die Firewall den Weg dorthin freigibt. "
            "Üblich sind 587 mit starttls und 465 mit tls."
        ),
    ),
    "server.encryption": (
        _l("Die Verbindung zu %(host)s lässt sich nicht sicher verschlüsseln: %(words)s"),
        _l(
            "Trage in NETWORK_SMTP_HOST den Namen ein, der im Zertifikat steht, und prüfe NETWORK_SMTP_SECURITY."
        ),
    ),
    "server.login": (
        _l("%(host)s nimmt die Anmeldung nicht an: %(words)s"),
        _l(
            "Prüfe NETWORK_SMTP_USER und NETWORK_SMTP_PASSWORD. Manche Anbieter verlangen ein eigenes Passwort "
            "für Programme."
        ),
    ),
    "server.open": (
        _l("%(host)s nimmt die Anmeldung an, aber unverschlüsselt."),
        _l("Stelle NETWORK_SMTP_SECURITY auf starttls oder tls."),
    ),
    "server.fine": (_l("%(host)s antwortet, und die Anmeldung gelingt."), ""),
    "domain.local": (
        _l("%(domain)s ist keine Domain, von der aus man Mails verschicken kann."),
        _l("Trage in NETWORK_MAIL_FROM eine Adresse eurer eigenen Domain ein."),
    ),
    "domain.first": (
        _l("Das lässt sich erst sagen, wenn die Absenderdomain stimmt."),
        _l("Stelle zuerst die Absenderdomain richtig ein."),
    ),
    "domain.takes_none": (
        _l(
            "%(domain)s nimmt ausdrücklich keine Mails an. Viele Empfänger lehnen dann auch Mails von dort ab."
        ),
        _l("Nimm in NETWORK_MAIL_FROM eine Domain, die Mails annimmt."),
    ),
    "domain.no_mx": (
        _l("%(domain)s hat keinen MX-Eintrag, nur eine Adresse."),
        _l("Lass für die Domain einen MX-Eintrag anlegen, damit Antworten und Rückläufer ankommen."),
    ),
    "domain.none": (
        _l("%(domain)s ist im DNS nicht zu finden. Mails von dort werden abgelehnt."),
        _l("Prüfe, ob die Domain in NETWORK_MAIL_FROM richtig geschrieben ist und einen MX-Eintrag hat."),
    ),
    "domain.fine": (_l("%(domain)s nimmt Mails an."), ""),
    "spf.none": (
        _l("Für %(domain)s steht nirgends, wer verschicken darf."),
        _l(
            "Lass diesen Eintrag im DNS anlegen. Verschickt ein Mailanbieter für euch, nennt er dir seinen "
            "Eintrag; nimm dann den."
        ),
    ),
    "spf.several": (
        _l("Für %(domain)s gibt es mehrere SPF-Einträge. Dann gilt keiner."),
        _l("Fasst sie im DNS zu einem einzigen zusammen."),
    ),
    "spf.everybody": (
        _l("Der Eintrag für %(domain)s erlaubt allen, in eurem Namen zu verschicken."),
        _l("Ersetzt am Ende +all durch ~all oder -all."),
    ),
    "spf.no_address": (
        _l("%(host)s hat keine Adresse im DNS; ob der Eintrag passt, lässt sich nicht sagen."),
        _l("Prüfe, ob der Name des Mailservers stimmt."),
    ),
    "spf.not_named": (
        _l("Der Eintrag für %(domain)s nennt %(host)s nicht."),
        _l("Frag deinen Mailanbieter, von wo er verschickt. Ist es dieser Server, ergänzt den Eintrag so:"),
    ),
    "spf.fine": (_l("%(host)s darf für %(domain)s verschicken."), ""),
    "dkim.none": (
        _l("Das Netzwerk unterschreibt seine Mails nicht selbst."),
        _l(
            "Unterschreibt dein Mailanbieter, ist das in Ordnung. Sonst leg mit „flask --app wsgi mail key“ einen "
            "Schlüssel an und trag NETWORK_DKIM_SELECTOR und NETWORK_DKIM_KEY ein."
        ),
    ),
    "dkim.bad_key": (
        _l("Der Schlüssel %(file)s lässt sich nicht lesen: %(words)s. Alle Mails warten."),
        _l("Prüfe NETWORK_DKIM_KEY, oder leere NETWORK_DKIM_SELECTOR, bis der Schlüssel da ist."),
    ),
    "dkim.not_published": (
        _l("Mails werden unterschrieben, aber unter %(place)s steht kein öffentlicher Schlüssel."),
        _l("Lass diesen Eintrag im DNS anlegen. Bis dahin gilt die Unterschrift nicht."),
    ),
    "dkim.other_key": (
        _l("Unter %(place)s steht ein anderer Schlüssel als der, mit dem das Netzwerk unterschreibt."),
        _l("Ersetzt den Eintrag im DNS durch diesen."),
    ),
    "dkim.testing": (
        _l("Der Eintrag unter %(place)s ist als Probe gekennzeichnet."),
        _l("Nehmt t=y heraus, wenn alles läuft."),
    ),
    "dkim.fine": (_l("Der Schlüssel unter %(place)s passt."), ""),
    "dmarc.none": (
        _l("Für %(domain)s steht nirgends, was mit gefälschten Mails geschehen soll."),
        _l("Große Anbieter erwarten diesen Eintrag. Lass ihn im DNS anlegen."),
    ),
    "dmarc.several": (
        _l("Für %(domain)s gibt es mehrere DMARC-Einträge. Dann gilt keiner."),
        _l("Lasst nur einen stehen."),
    ),
    "dmarc.only_watches": (
        _l("Der Eintrag ist da, lässt gefälschte Mails aber durch (p=none)."),
        _l("Wenn SPF und DKIM in Ordnung sind, stellt auf p=quarantine um:"),
    ),
    "dmarc.fine": (_l("Gefälschte Mails werden aussortiert (p=%(policy)s)."), ""),
    "site.local": (
        _l("Das Netzwerk steht unter %(url)s. Diese Adresse öffnet sich nur auf diesem Rechner."),
        _l("Trage in NETWORK_PUBLIC_URL die Adresse ein, unter der alle das Netzwerk öffnen."),
    ),
    "site.none": (
        _l("%(host)s ist im DNS nicht zu finden. Links in Mails führen ins Leere."),
        _l("Prüfe NETWORK_PUBLIC_URL, oder lass für den Namen eine Adresse im DNS anlegen."),
    ),
    "site.open": (
        _l("Das Netzwerk steht unter %(url)s, unverschlüsselt."),
        _l("Richte https ein und trage die neue Adresse in NETWORK_PUBLIC_URL ein."),
    ),
    "site.fine": (_l("%(host)s ist im DNS zu finden und verschlüsselt."), ""),
    "imprint.missing": (
        _l("Im Impressum fehlen Angaben. Mails ohne Anbieterangaben landen eher im Spam."),
        _l("Trage ein: %(names)s"),
    ),
    "imprint.fine": (_l("Unter jeder Mail steht: %(name)s"), ""),
}
