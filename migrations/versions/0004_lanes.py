"""lanes of jobs"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('job', sa.Column('lane', sa.Text(), nullable=True))
    op.create_index('ix_job_lane', 'job', ['lane', 'due_at'])
    op.create_index(op.f('ix_job_lease_until'), 'job', ['lease_until'])


def downgrade():
    op.drop_index(op.f('ix_job_lease_until'), 'job')
    op.drop_index('ix_job_lane', 'job')
    op.drop_column('job', 'lane')
