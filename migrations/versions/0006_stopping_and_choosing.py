"""stopping and choosing: what was before, days with news, one truth about muted rooms"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

#: What the columns hold is copied from columns that are checked.
LEVEL = sa.Enum('all', 'mentions', 'muted', name='level', native_enum=False, create_constraint=False, length=40)
RHYTHM = sa.Enum('at_once', 'daily', 'weekly', 'mentions', 'never', name='rhythm', native_enum=False, create_constraint=False, length=40)


def upgrade():
    op.add_column('watch', sa.Column('former', LEVEL, nullable=True))
    op.add_column('notification_preferences', sa.Column('former_rhythm', RHYTHM, nullable=True))
    op.add_column('notification_preferences', sa.Column('link_series', sa.Integer(), server_default='0', nullable=False))
    for name in ('news_on', 'news_days', 'personal_days'):
        op.add_column('notice', sa.Column(name, sa.Integer(), server_default='0', nullable=False))
    op.execute(
        "INSERT INTO watch (member_id, subject, subject_id, level, is_by_acting) "
        "SELECT member_id, 'room', room_id, 'muted', false FROM seat WHERE is_muted "
        "ON CONFLICT (member_id, subject, subject_id) DO UPDATE SET level = 'muted'"
    )
    op.drop_column('seat', 'is_muted')


def downgrade():
    op.add_column('seat', sa.Column('is_muted', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "UPDATE seat SET is_muted = true WHERE EXISTS (SELECT 1 FROM watch WHERE watch.member_id = seat.member_id "
        "AND watch.subject = 'room' AND watch.subject_id = seat.room_id AND watch.level = 'muted')"
    )
    for name in ('personal_days', 'news_days', 'news_on'):
        op.drop_column('notice', name)
    op.drop_column('notification_preferences', 'link_series')
    op.drop_column('notification_preferences', 'former_rhythm')
    op.drop_column('watch', 'former')
