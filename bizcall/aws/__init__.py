"""AWS behind the protocols of `bizcall/ports.py`; the only package that knows aioboto3, imported when first used.

    clients = Clients()                             one per process, used on that process's event loop only
    S3Storage(clients, bucket)                      Storage
    SqsQueue(clients, urls)                         Queue
    await secret(clients, secret_id)                a secret's text
    with gateway_faults():                          for the adapters in `bizcall/gateways/amazon.py`
    await clients.close()

A neighbour that is away or asks for patience raises `Unavailable` after bounded attempts; anything else that AWS
refuses (a missing permission, a wrong name) is a bug of the deployment and leaves as botocore's own error.
With AWS_ENDPOINT_URL set, everything goes to that server, and presigned addresses point there too.
"""

from __future__ import annotations

from bizcall.aws.clients import Clients
from bizcall.aws.faults import gateway_faults, translated
from bizcall.aws.s3 import S3Storage, content_disposition
from bizcall.aws.secretsmanager import database_url, secret
from bizcall.aws.sqs import BATCH_LETTERS, LETTER_ID, REQUEST_ID, SqsQueue, attributes

__all__ = [
    "BATCH_LETTERS",
    "LETTER_ID",
    "REQUEST_ID",
    "Clients",
    "S3Storage",
    "SqsQueue",
    "attributes",
    "content_disposition",
    "database_url",
    "gateway_faults",
    "secret",
    "translated",
]
