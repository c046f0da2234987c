"""Everybody a policy can meet, for tests that need no database: who belongs here, elsewhere, or nowhere."""

from forum.core.access import ANYONE, Role, Viewer

HERE, ELSEWHERE = 1, 2

member = Viewer(1, {HERE: Role.MEMBER})
author = Viewer(2, {HERE: Role.MEMBER})
moderator = Viewer(3, {HERE: Role.MODERATOR})
staff = Viewer(4, {HERE: Role.STAFF})
expert = Viewer(5, {HERE: Role.EXPERT})
stranger = Viewer(6, {ELSEWHERE: Role.MEMBER})
foreign_moderator = Viewer(7, {ELSEWHERE: Role.MODERATOR})
administrator = Viewer(8, {}, is_administrator=True)

BELONG = [member, author, moderator, staff, expert]
EVERYBODY = [*BELONG, stranger, foreign_moderator, administrator, ANYONE]
EVERYBODY_HERE = {viewer.member_id for viewer in BELONG}
