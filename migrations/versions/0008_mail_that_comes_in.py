"""mail that comes in: whose it is, and no addresses of others"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('incoming_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incoming_mail_sender'))
        batch_op.drop_column('sender')
        batch_op.add_column(sa.Column('sender_domain', sa.String(length=190), server_default='', nullable=False))
        batch_op.add_column(sa.Column('address', sa.String(length=80), server_default='', nullable=False))
        batch_op.add_column(sa.Column('member_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_incoming_mail_member_id'), ['member_id'], unique=False)


def downgrade():
    with op.batch_alter_table('incoming_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incoming_mail_member_id'))
        batch_op.drop_column('member_id')
        batch_op.drop_column('address')
        batch_op.drop_column('sender_domain')
        batch_op.add_column(sa.Column('sender', sa.String(length=254), server_default='', nullable=False))
        batch_op.create_index(batch_op.f('ix_incoming_mail_sender'), ['sender'], unique=False)
