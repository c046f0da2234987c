"""A small named cast: who belongs where, and what each may do by that.

Finsterwalde (FIN) is "here", Rathenow (RAT) is "elsewhere". Petra is a councillor here, Manfred keeps things in
order here; Olga is a councillor elsewhere, Rosa moderates there; Sabine is IG Metall staff here and in the
network; Karla administers the machine and belongs nowhere.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import sqlalchemy as sa
from flask.testing import FlaskClient

from forum.accounts.service.devices import open_device
from forum.boards.models import Board
from forum.boards.service import posts, topics
from forum.chat.models import Room
from forum.chat.service import messages, rooms
from forum.core.access import Role, Viewer
from forum.core.db import db, unit_of_work
from forum.members.service import add_member
from forum.seeds.base import plant_base
from forum.spaces.models import Space
from forum.spaces.service import join

HERE, ELSEWHERE, NETWORK = "FIN", "RAT", "NET"


@dataclass(frozen=True)
class Person:
    """Somebody of the cast: the viewer, and how the person is known."""

    id: int
    name: str
    email: str
    viewer: Viewer


@dataclass(frozen=True)
class Cast:
    """Everybody, the spaces by sign; a board here, elsewhere and of the network where only staff begin; a room
    here and elsewhere."""

    petra: Person
    manfred: Person
    olga: Person
    rosa: Person
    sabine: Person
    karla: Person
    spaces: dict[str, int]
    board: int
    other_board: int
    foreign_board: int
    staff_board: int
    room: int
    foreign_room: int

    def topic(self, author: Person | None = None, title: str = "Vier-Schicht-Modell", posts: int = 1) -> int:
        """The id of a new topic here, with so many posts, all of the author's."""
        author = author or self.petra
        with unit_of_work():
            topic = topics.start_topic(author.viewer, self.board, title, "Wer hat Erfahrung?", uuid4())
            for number in range(2, posts + 1):
                topics.reply(author.viewer, topic.id, f"Beitrag {number}", uuid4())
        return topic.id

    def post(self, author: Person, topic_id: int, text: str = "Bei uns 21 Tage im Voraus.") -> int:
        """The id of a new reply."""
        with unit_of_work():
            return topics.reply(author.viewer, topic_id, text, uuid4()).id

    def foreign_topic(self) -> int:
        """The id of a new topic elsewhere."""
        with unit_of_work():
            return topics.start_topic(
                self.olga.viewer, self.foreign_board, "Optik", "Nur für Rathenow", uuid4()
            ).id

    def hidden_post(self, topic_id: int) -> int:
        """The id of a post by Petra that Manfred hid."""
        post_id = self.post(self.petra, topic_id, "Geheime Zahl 4711")
        with unit_of_work():
            posts.hide_post(self.manfred.viewer, post_id, "Nennt Zahlen")
        return post_id

    def message(self, author: Person, room_id: int | None = None, text: str = "Wer ist morgen da?") -> int:
        """The id of a new message; in the room here, if no other is named."""
        with unit_of_work():
            return messages.send_message(author.viewer, room_id or self.room, text, uuid4()).id

    def direct(self) -> int:
        """The id of the conversation of Petra and Sabine."""
        with unit_of_work():
            return rooms.start_direct(self.petra.viewer, self.sabine.id).id

    def group(self, *others: Person) -> int:
        """The id of a new group that Petra keeps; with Sabine and Manfred, if nobody else is named."""
        people = others or (self.sabine, self.manfred)
        with unit_of_work():
            return rooms.start_group(
                self.petra.viewer, [person.id for person in people], "Schichtplan", uuid4()
            ).id


def make_cast() -> Cast:
    """Plant the base and the people; needs an application context."""
    with unit_of_work():
        plant_base()
        spaces = {space.sign: space.id for space in db.session.scalars(sa.select(Space))}
        people = {
            "petra": _person("Petra Sommer", spaces, {HERE: Role.MEMBER}),
            "manfred": _person("Manfred Lehnigk", spaces, {HERE: Role.MODERATOR}),
            "olga": _person("Olga Brandt", spaces, {ELSEWHERE: Role.MEMBER}),
            "rosa": _person("Rosa Kern", spaces, {ELSEWHERE: Role.MODERATOR}),
            "sabine": _person("Sabine Morgenroth", spaces, {HERE: Role.STAFF, NETWORK: Role.STAFF}),
            "karla": _person("Karla Wendtland", spaces, {}, is_administrator=True),
        }
        first_rooms = {room.space_id: room.id for room in db.session.scalars(sa.select(Room))}
        boards = {(board.space_id, board.name): board.id for board in db.session.scalars(sa.select(Board))}
    return Cast(
        **people,
        spaces=spaces,
        board=boards[spaces[HERE], "Arbeitsorganisation"],
        other_board=boards[spaces[HERE], "Allgemeines"],
        foreign_board=boards[spaces[ELSEWHERE], "Allgemeines"],
        staff_board=boards[spaces[NETWORK], "IG Metall informiert"],
        room=first_rooms[spaces[HERE]],
        foreign_room=first_rooms[spaces[ELSEWHERE]],
    )


def _person(
    name: str, spaces: dict[str, int], roles: dict[str, Role], *, is_administrator: bool = False
) -> Person:
    email = f"{name.split()[0].lower()}@betrieb.example"
    member = add_member(name, email, is_administrator=is_administrator)
    everywhere = ({NETWORK: Role.MEMBER} if roles else {}) | roles
    for sign, role in everywhere.items():
        join(member.id, spaces[sign], role)
    viewer = Viewer(member.id, {spaces[sign]: role for sign, role in everywhere.items()}, is_administrator)
    return Person(member.id, name, email, viewer)


def sign_in(client: FlaskClient, person: Person) -> None:
    """Give the browser a device of the person's, as signing in would."""
    with client.application.app_context(), unit_of_work():
        token = open_device(person.id, "Firefox/130.0 (Windows)", timedelta(days=1))
    with client.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True
