"""Customers: the outside parties of calls and messages (CU-01)."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields

from bizcall.models.base import TenantRow


class Customer(TenantRow):
    """One number of a company's customer; the record with the latest `updated_at` stands. `number` is as in calls."""

    number: str = fields.TextField()
    name: str = fields.TextField()
    details: str = fields.TextField()
    updated_at: datetime = fields.DatetimeField()

    class Meta:
        table = "customer"
