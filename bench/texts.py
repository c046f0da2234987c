"""German to fill posts and titles with: our own stock of sentences, drawn with a fixed seed."""

import math
import random
import re
from statistics import NormalDist

#: Characters that a post has on average, and how far lengths spread (sigma of the log-normal distribution).
MEAN, SPREAD = 392, 0.75
#: By how much the last sentence of a text passes the length that was drawn.
_OVERSHOOT = 47

STOCK = {
    "place": [
        "Rathenow", "Prenzlau", "Finsterwalde", "Wildau", "Fürstenwalde", "Eisenhüttenstadt", "Lauchhammer",
        "Templin", "Premnitz",
    ],
    "month": [
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
        "November", "Dezember",
    ],
    "thing": [
        "das Vier-Schicht-Modell", "die Kurzarbeit", "das neue ERP-System", "die Gefährdungsbeurteilung",
        "der Probebetrieb der Roboterzelle", "die Vertrauensarbeitszeit", "das Schichtplan-Werkzeug",
        "die Einarbeitung der Leiharbeitskräfte", "das Jobrad", "die Eingruppierung nach ERA",
        "die Rufbereitschaft am Wochenende", "das Programm für Quereinsteigerinnen", "die Verbundausbildung",
    ],
    "plan": [
        "die Montage nach Ungarn verlagern", "die Nachtschicht streichen", "zwölf Stellen nicht nachbesetzen",
        "Arbeitszeitkonten bis zweihundert Stunden führen", "die Instandhaltung ausgliedern",
        "eine Software zur Leistungsmessung einführen", "den Sonntag als Regelschicht aufnehmen",
        "die Lehrwerkstatt mit der des Nachbarbetriebs zusammenlegen", "das Lager automatisieren",
    ],
    "body": [
        "der Betriebsrat", "der Wirtschaftsausschuss", "die Einigungsstelle", "die Jugendvertretung",
        "die Schwerbehindertenvertretung", "der Arbeitsschutzausschuss", "die Geschäftsführung",
        "die Personalabteilung", "die Belegschaftsversammlung", "unser Sachverständiger",
    ],
    "paper": [
        "Betriebsvereinbarung", "Rahmenvereinbarung", "Zielvereinbarung", "Gefährdungsbeurteilung",
        "Stellungnahme", "Auswertung", "Checkliste", "Vorlage", "Präsentation", "Schichtübersicht",
    ],
    "people": [
        "die Kolleginnen in der Montage", "die Azubis im dritten Jahr", "die Kollegen aus der Instandhaltung",
        "alle über 55", "die Teilzeitkräfte", "die Staplerfahrer", "die Alleinerziehenden",
        "die Leute an der Presse", "die Leiharbeitskräfte", "die Fachkräfte im Reinraum",
    ],
    "verdict": [
        "nach einem halben Jahr will es niemand mehr missen", "die Stimmung ist gekippt",
        "der Krankenstand ist um zwei Punkte gesunken", "wir rechnen noch", "es knirscht bei der Übergabe",
        "die Zahlen geben uns recht", "ohne Ausgleich für die Nacht geht es nicht", "es läuft besser als gedacht",
        "drei Meister haben sich dagegen ausgesprochen", "wir brauchen dringend eine zweite Meinung",
    ],
    "law": [
        "§ 87 Abs. 1 Nr. 2 BetrVG", "§ 90 BetrVG", "§ 95 BetrVG", "§ 80 Abs. 3 BetrVG", "§ 111 BetrVG",
        "§ 92a BetrVG", "§ 6 ArbZG", "§ 5 ArbSchG", "§ 37 Abs. 6 BetrVG", "§ 96 BetrVG",
    ],
    "number": [str(number) for number in (3, 5, 8, 12, 14, 18, 21, 28, 35, 40, 60, 85, 120, 180, 240)],
}  # fmt: skip

SENTENCES = (
    "Bei uns in {place} läuft seit {month} {thing}, und {verdict}.",
    "Der Arbeitgeber will {plan}, gefragt hat er uns bisher nicht.",
    "Am meisten trifft es {people}, das hat {body} im {month} klar gesagt.",
    "Wie habt ihr das in {place} gelöst?",
    "Wir haben dazu {number} Rückmeldungen aus der Schicht gesammelt, und {verdict}.",
    "Nach {law} hätte man uns vorher beteiligen müssen, sagt {body}.",
    "Unsere {paper} von {month} kann ich gern herumschicken.",
    "Ehrlich gesagt: {verdict}.",
    "Wichtig war, dass {body} von Anfang an dabei war und {people} mitreden konnten.",
    "Für {people} haben wir {number} Stunden Qualifizierung im Jahr herausgeholt.",
    "Danke, das hilft mir weiter.",
    "Hat jemand eine {paper}, in der das sauber geregelt ist?",
    "Angekündigt war es für {month}, gekommen ist es {number} Tage später.",
    "Im Gespräch hieß es wieder, man müsse {plan}, sonst sei {place} nicht mehr wettbewerbsfähig.",
    "Wir haben Nein gesagt und {law} genannt, danach war Ruhe.",
    "Vorsicht bei der Frist: nach {law} sind es {number} Tage, nicht {number} Wochen.",
    "Schaut euch dazu auch {thing} in {place} an, dort gilt: {verdict}.",
    "Ohne {body} wäre das nichts geworden.",
    "Ich nehme die Frage mit in die nächste Sitzung und melde mich im {month}.",
    "Bei {number} Beschäftigten lohnt sich das schon, wir sind {number} und machen es trotzdem gemeinsam.",
)

TITLES = (
    "{paper} gesucht: {plan}?",
    "Erfahrungen: {thing} in {place}",
    "{law}: wer hat das schon durch?",
    "Arbeitgeber will {plan}",
    "{body} und {thing}",
    "Was gilt für {people}?",
    "{paper} zum Mitnehmen ({place}, {month})",
    "{number} Tage Frist – reicht das?",
)


def make_posts(count: int, seed: int) -> list[str]:
    """So many different Markdown texts whose lengths average `MEAN`, in no order."""
    chance = random.Random(seed)
    middle = math.log(MEAN) - SPREAD**2 / 2
    lengths = [math.exp(NormalDist(middle, SPREAD).inv_cdf((place + 0.5) / count)) for place in range(count)]
    texts = [_post(chance, length) for length in lengths]
    chance.shuffle(texts)
    return texts


def make_titles(count: int, seed: int) -> list[str]:
    """So many titles of topics."""
    chance = random.Random(seed)
    titles = [_fill(chance, chance.choice(TITLES)) for _ in range(count)]
    return [title[0].upper() + title[1:] for title in titles]


def _post(chance: random.Random, length: float) -> str:
    """Paragraphs of sentences, now and then a list, a quote, a table, bold words, a link."""
    parts: list[str] = []
    while (written := len("\n\n".join(parts))) < length - _OVERSHOOT:
        parts.append(_part(chance, length - written))
    return "\n\n".join(parts) or "Danke!"


def _part(chance: random.Random, room: float) -> str:
    kind = chance.random()
    if kind < 0.06 and room > 200:
        return "\n".join(f"- {_fill(chance, '{thing}: {verdict}')}" for _ in range(chance.randint(2, 4)))
    if kind < 0.10 and room > 150:
        return f"> {_sentence(chance)}"
    if kind < 0.12 and room > 300:
        rows = [_fill(chance, "| {place} | {number} | {month} |") for _ in range(chance.randint(2, 4))]
        return "\n".join(["| Betrieb | Stunden | ab |", "| --- | --: | --- |", *rows])
    if kind < 0.14 and room > 150:
        return f"{_sentence(chance)} Mehr dazu: https://www.beispiel.example/{chance.randint(100, 999)}"
    text = _sentence(chance)
    for _ in range(chance.randint(1, 3)):
        if len(text) >= room - _OVERSHOOT:
            break
        text += " " + _sentence(chance)
    return f"**{text.split(' ', 1)[0]}** {text.partition(' ')[2]}" if kind > 0.95 else text


def _sentence(chance: random.Random) -> str:
    text = _fill(chance, chance.choice(SENTENCES))
    return text[0].upper() + text[1:]


def _fill(chance: random.Random, pattern: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: chance.choice(STOCK[slot[1]]), pattern)
