"""What a new house contains, and that planting twice plants once."""

from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.announcements.models import SUBJECT, Acknowledgement
from forum.boards.models import TOPIC, Board, Post, Starters, Topic
from forum.chat.models import Message, MessageState, Reaction, Room, RoomKind
from forum.chat.queries import rooms, unread
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.members.models import Member
from forum.notifications.models import Notice, Watch
from forum.seeds.base import BOARDS, REGIONS, plant_base
from forum.seeds.demo import plant_demo, sign_ins
from forum.spaces.models import Membership, Space, SpaceKind
from tests.architecture.test_writes import everything

pytestmark = pytest.mark.usefixtures("context")


def plant() -> None:
    with unit_of_work():
        plant_base()


def test_a_new_house_has_the_network_and_five_regions_with_their_boards(app: Flask) -> None:
    plant()
    kinds = Counter(db.session.scalars(sa.select(Space.kind)))
    assert kinds == {SpaceKind.NETWORK: 1, SpaceKind.REGION: 5}
    for region in REGIONS:
        space = db.session.scalars(sa.select(Space).where(Space.sign == region.sign)).one()
        names = db.session.scalars(
            sa.select(Board.name).where(Board.space_id == space.id).order_by(Board.position)
        )
        assert (space.sector, space.name) == (region.sector, region.name)
        assert list(names) == [name for name, _description in BOARDS]
        assert region.description in space.description_html
    informed = db.session.scalars(sa.select(Board).where(Board.starters == Starters.STAFF)).one()
    assert informed.name == "IG Metall informiert"


def test_every_space_has_a_room_to_meet_in_also_in_a_house_older_than_its_rooms(app: Flask) -> None:
    plant()
    furnished = everything(app)["room"]
    assert len(furnished) == 6
    with unit_of_work():
        db.session.execute(sa.delete(Room))
    plant()
    found = db.session.execute(sa.select(Room.name, Room.retention_days, Room.kind).distinct()).all()
    assert found == [("Treffpunkt", 365, RoomKind.SPACE)]
    assert len(everything(app)["room"]) == 6


def test_planting_again_changes_nothing(app: Flask) -> None:
    plant()
    before = everything(app)
    plant()
    assert everything(app) == before


def test_what_moderators_changed_is_not_planted_over(app: Flask) -> None:
    plant()
    with unit_of_work():
        db.session.execute(
            sa.update(Space).where(Space.sign == "FIN").values(name="Elbe-Elster", sector="Stahl")
        )
        db.session.execute(sa.update(Board).where(Board.name == "Allgemeines").values(name="Dies und das"))
        db.session.execute(sa.update(Room).values(name="Kantine"))
    before = everything(app)
    plant()
    assert everything(app) == before


def test_the_demo_is_a_believable_network_that_counts_right_and_is_planted_once(app: Flask) -> None:
    plant()
    with unit_of_work():
        plant_demo()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Member)) >= 40
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Topic)) >= 60
    assert {address for _label, address in sign_ins()} <= set(db.session.scalars(sa.select(Member.email)))
    assert db.session.scalar(sa.select(sa.func.max(Post.created_at))) <= now()
    of_topic = sa.select(
        Post.topic_id, sa.func.count(), sa.func.max(Post.number), sa.func.max(Post.created_at)
    )
    posts = {row[0]: tuple(row[1:]) for row in db.session.execute(of_topic.group_by(Post.topic_id))}
    topics = db.session.scalars(sa.select(Topic)).all()
    assert {topic.id: (topic.last_number, topic.last_number, topic.last_post_at) for topic in topics} == posts
    for board in db.session.scalars(sa.select(Board)):
        found = [topic.last_number for topic in topics if topic.board_id == board.id]
        assert (board.topic_count, board.post_count) == (len(found), sum(found)), board.name
    before = everything(app)
    with unit_of_work():
        plant_demo()
    assert everything(app) == before


def test_the_demo_talks_in_rooms_and_leaves_something_new_for_those_who_sign_in(app: Flask) -> None:
    plant()
    with unit_of_work():
        plant_demo()
    told = db.session.scalars(sa.select(Message).order_by(Message.room_id, Message.id)).all()
    assert max(message.created_at for message in told) <= now()
    for room in db.session.scalars(sa.select(Room)):
        said = [message for message in told if message.room_id == room.id]
        assert [message.stamp for message in said] == list(range(1, room.stamp + 1)), room.name
        moments = [message.created_at for message in said]
        assert moments == sorted(moments), room.name
        assert room.last_message_id == (said[-1].id if said else None)
    assert max(Counter(message.room_id for message in told).values()) > 120
    assert {message.state for message in told} == set(MessageState)
    assert all((message.state is MessageState.VISIBLE) == bool(message.source) for message in told)
    assert [message for message in told if message.reply_to_id]
    assert [message for message in told if message.pinned_at]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Reaction)) > 50
    petra = db.session.scalars(sa.select(Member.id).where(Member.name == "Petra Sommer")).one()
    mine = sa.select(Membership.space_id, Membership.role).where(Membership.member_id == petra)
    viewer = Viewer(petra, dict(db.session.execute(mine).all()))
    assert unread.unread_total(viewer).mentions >= 2
    listed = rooms.list_rooms(viewer)
    assert {row.kind for row in listed.private} == {RoomKind.DIRECT, RoomKind.GROUP}
    assert sum(row.unread > 0 for row in listed.rooms) >= 4
    assert any(row.is_archived for row in listed.rooms)


def test_in_the_demo_who_wrote_hears_of_answers_and_who_confirmed_is_asked_no_more(app: Flask) -> None:
    plant()
    with unit_of_work():
        plant_demo()
    wrote = set(db.session.execute(sa.select(Post.author_id, Post.topic_id)))
    watched = sa.select(Watch.member_id, Watch.subject_id).where(Watch.subject == TOPIC, Watch.is_by_acting)
    assert wrote == set(db.session.execute(watched))
    confirmed = sa.select(Acknowledgement.member_id, Acknowledgement.announcement_id)
    lines = sa.select(Notice.member_id, Notice.subject_id).where(Notice.subject == SUBJECT)
    told = set(db.session.execute(lines))
    assert told
    assert not told & set(db.session.execute(confirmed))
