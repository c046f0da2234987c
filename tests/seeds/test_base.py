"""What a new house contains, and that planting twice plants once."""

from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.boards.models import Board, Post, Starters, Topic
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.members.models import Member
from forum.seeds.base import BOARDS, REGIONS, plant_base
from forum.seeds.demo import plant_demo, sign_ins
from forum.spaces.models import Space, SpaceKind
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
