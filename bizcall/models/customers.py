"""Customers: the outside parties of calls and messages (CU-01)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tortoise import fields

from bizcall.models.base import Row, TenantRow


class Customer(TenantRow):
    """One number of a company's customer; the record with the latest `updated_at` stands. `number` is as in calls."""

    number: str = fields.TextField()
    name: str = fields.TextField()
    details: str = fields.TextField()
    updated_at: datetime = fields.DatetimeField()

    class Meta:
        table = "customer"


class ErasedCustomer(Row):
    """A customer who was erased on request. The key is (company_id, number_hash)."""

    number_hash: bytes = fields.BinaryField(primary_key=True)
    company_id: UUID = fields.UUIDField()
    erased_at: datetime = fields.DatetimeField()

    class Meta:
        table = "erased_customer"
