"""The network and the five regions of the action programme, with their sectors, first boards and first room."""

from dataclasses import dataclass

from forum.boards.models import Starters
from forum.boards.service.boards import add_board
from forum.chat.queries.rooms import spaces_with_rooms
from forum.chat.service.rooms import add_room
from forum.spaces import queries as spaces
from forum.spaces.models import SpaceKind
from forum.spaces.service import create_space

NETWORK_SIGN = "NET"


@dataclass(frozen=True, slots=True)
class Region:
    """A region as it is first set up; its moderators change the texts later."""

    sign: str
    name: str
    sector: str
    description: str


REGIONS = (
    Region(
        "RAT",
        "Rathenow",
        "Optik",
        "Betriebsräte der optischen Industrie im Havelland: Wertschöpfungskette vom Rohglas bis zur Brille, "
        "gemeinsames Standortmarketing, Messen und Ausbildung.",
    ),
    Region(
        "PRE",
        "Prenzlau",
        "Armaturen und Maschinenbau",
        "Betriebsräte der Armaturenwerke und des Maschinenbaus in der Uckermark: Ideenschmiede, Ressourcen sparen, "
        "Zusammenarbeit der Betriebe.",
    ),
    Region(
        "FFO",
        "Frankfurt (Oder)",
        "Mikroelektronik",
        "Betriebsräte der Mikroelektronik an der Oder: Personalentwicklung, gemeinsame Ausbildung und "
        "Arbeit im Reinraum.",
    ),
    Region(
        "FIN",
        "Finsterwalde",
        "Metall",
        "Betriebsräte der Metallbetriebe in der Niederlausitz: gegenseitige Hilfe im Alltag, Qualifizierung und "
        "Zukunft der Standorte.",
    ),
    Region(
        "WIL",
        "Wildau-Fürstenwalde",
        "Metall",
        "Betriebsräte der Metallbetriebe zwischen Dahme und Spree: Erfahrungen mit Standortentwicklung und "
        "Arbeitsorganisation.",
    ),
)

BOARDS = (
    (
        "Standortentwicklung",
        "Investitionen, Verlagerung, Schließung, neue Produkte: was wird aus unseren Betrieben?",
    ),
    ("Arbeitsorganisation", "Schichtmodelle, Arbeitszeit, Personalbemessung, Gesundheit, neue Technik."),
    ("Qualifizierung und Ausbildung", "Weiterbildung, Azubis, Schulungen für Betriebsräte."),
    ("Betriebsvereinbarungen", "Entwürfe, Erfahrungen und Stolpersteine."),
    ("Allgemeines", "Alles, was sonst nirgends hinpasst."),
)
NETWORK_BOARDS = (
    ("IG Metall informiert", "Mitteilungen der IG Metall. Antworten können alle.", Starters.STAFF),
    ("Über dieses Netzwerk", "Fragen zur Bedienung, Wünsche, Hinweise.", Starters.MEMBERS),
)
ROOM = "Treffpunkt"
ROOM_PURPOSE = "Kurze Fragen, kurze Wege: was gerade anliegt."


def plant_base() -> None:
    """Create what is missing; a second run changes nothing."""
    if spaces.find_by_sign(NETWORK_SIGN) is None:
        network = create_space(
            SpaceKind.NETWORK,
            "Gesamtes Netzwerk",
            NETWORK_SIGN,
            description="Alle Betriebsräte der fünf Regionen.",
        )
        for name, description, starters in NETWORK_BOARDS:
            add_board(network.id, name, description, starters)
    for place, region in enumerate(REGIONS, start=1):
        if spaces.find_by_sign(region.sign) is None:
            space = create_space(
                SpaceKind.REGION,
                region.name,
                region.sign,
                accent=place,
                position=place,
                sector=region.sector,
                description=region.description,
            )
            for name, description in BOARDS:
                add_board(space.id, name, description)
    _plant_rooms()


def _plant_rooms() -> None:
    """A room for every space that has none: also where the house is older than its rooms."""
    furnished = spaces_with_rooms()
    for sign in (NETWORK_SIGN, *(region.sign for region in REGIONS)):
        space = spaces.find_by_sign(sign)
        if space is not None and space.id not in furnished:
            add_room(space.id, ROOM, ROOM_PURPOSE)
