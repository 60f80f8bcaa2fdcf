"""Alembic's entry: runs the revisions on the connection it is given, inside its transaction."""

from alembic import context

from voltloom.infra.database import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True, render_as_batch=False)
context.run_migrations()
