"""Alembic's entry: runs the revisions on the connection it is given, inside its transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from voltloom.infra.database import metadata


def write_own_types(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Our column types by their names, for `tools/make_revision.py`."""
    module = type(item).__module__
    if kind != "type" or not module.startswith("voltloom."):
        return False
    autogen.imports.add(f"from {module} import {type(item).__name__}")
    return f"{type(item).__name__}()"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_item=write_own_types,
    compare_type=True,
)
context.run_migrations()
