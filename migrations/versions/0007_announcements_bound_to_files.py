"""announcements bound to words and files, and why one did not go out"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('announcement', sa.Column('held', sa.String(length=20), nullable=True))
    op.add_column('announcement_edition', sa.Column('files', sa.JSON(), server_default='[]', nullable=False))
    op.add_column('acknowledgement', sa.Column('digest', sa.String(length=64), server_default='', nullable=False))


def downgrade():
    op.drop_column('acknowledgement', 'digest')
    op.drop_column('announcement_edition', 'files')
    op.drop_column('announcement', 'held')
