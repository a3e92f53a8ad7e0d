"""What all tables share."""

from __future__ import annotations

from typing import Any, NoReturn

from tortoise import fields
from tortoise.models import Model

from bizcall.ids import uuid7


class Row(Model):
    """A row that is changed by statements which name its company, never by `save()` or `delete()` of an instance.

    Tortoise's own name the primary key only, and write every column.
    """

    async def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; raises TypeError for a row that stands in the database already."""
        if self._saved_in_db:
            self._refuse()
        await super().save(*args, **kwargs)

    async def delete(self, *args: Any, **kwargs: Any) -> None:
        """Raises TypeError."""
        self._refuse()

    async def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Raises TypeError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError(f"use {type(self).__name__}.filter(company_id=…, id=…) instead")

    class Meta:
        abstract = True


class DirectoryRow(Row):
    """A row outside companies: no row-level security, reached only by the module that owns the table."""

    class Meta:
        abstract = True


class TenantRow(Row):
    """A row of one company. The database's key is (company_id, id)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    company_id = fields.UUIDField()

    class Meta:
        abstract = True
