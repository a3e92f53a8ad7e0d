"""Buckets that survive a restart: moto keeps objects in memory, here each is also kept in a file.

An object is written to its file before the request that stored it is answered, so what was acknowledged is kept even if
the process is killed. It comes back when its bucket is made again, straight into moto's storage: no event is sent for
it and it doesn't matter whether notifications are configured before or after. Only the current version survives, with
its version id, type and metadata; tags, older versions and unfinished multipart uploads are gone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import pathlib
import threading
from datetime import datetime
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends

log = logging.getLogger(__name__)

_Mark = tuple[str, tuple[tuple[str, str], ...]]


class Shelf:
    """The files below `folder`: one folder a bucket, one file an object (a line of JSON, then the body)."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self._kept: dict[str, dict[str, _Mark]] = {}
        self._lock = threading.Lock()

    def catch_up(self) -> None:
        """Bring back the objects of buckets made since the last call, then write and remove files until they agree."""
        with self._lock:
            backend: S3Backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
            for name in [name for name in self._kept if name not in backend.buckets]:
                # A bucket can only be deleted when it is empty.
                del self._kept[name]
            for name, bucket in list(backend.buckets.items()):
                if name not in self._kept:
                    self._kept[name] = self._bring_back(bucket)
                self._write_changes(bucket, self._kept[name])

    def _write_changes(self, bucket: FakeBucket, kept: dict[str, _Mark]) -> None:
        current = {key: versions[-1] for key, versions in list(bucket.keys.lists()) if _is_object(versions)}
        for key in [key for key in kept if key not in current]:
            self._file(bucket.name, key).unlink(missing_ok=True)
            del kept[key]
        for key, stored in current.items():
            mark = _mark(stored)
            if kept.get(key) != mark:
                self._write(bucket.name, stored)
                kept[key] = mark

    def _write(self, bucket: str, stored: FakeKey) -> None:
        path = self._file(bucket, stored.name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        head = {
            "key": stored.name,
            "version": stored.version_id,
            "versioned": stored._is_versioned,
            "etag": stored.etag.strip('"'),
            "modified": stored.last_modified.isoformat(),
            "encryption": stored.encryption,
            "metadata": dict(stored.metadata),
        }
        partial = path.with_suffix(".partial")
        partial.write_bytes(json.dumps(head).encode() + b"\n" + stored.value)
        partial.rename(path)

    def _bring_back(self, bucket: FakeBucket) -> dict[str, _Mark]:
        kept = {}
        for path in sorted((self.folder / bucket.name).glob("*.object")):
            try:
                head, _, body = path.read_bytes().partition(b"\n")
                stored = _object(bucket, json.loads(head), body)
            except (OSError, ValueError, KeyError) as error:
                log.warning("%s can't be brought back: %s", path, error)
                continue
            if stored.name not in bucket.keys:
                bucket.keys.setlist(stored.name, [stored])
            kept[stored.name] = _mark(stored)
        return kept

    def _file(self, bucket: str, key: str) -> pathlib.Path:
        # A key may be longer than a file name, and hold anything.
        return self.folder / bucket / f"{hashlib.sha256(key.encode()).hexdigest()}.object"


def _is_object(versions: list[Any]) -> bool:
    """Whether a key has a current version, which is none where the last one is the mark of a deletion."""
    return bool(versions) and isinstance(versions[-1], FakeKey)


def _mark(stored: FakeKey) -> _Mark:
    """What tells one state of a key from another; metadata takes part because moto sets it after storing the body."""
    return f"{stored.version_id} {stored.etag} {stored.last_modified}", tuple(sorted(stored.metadata.items()))


def _object(bucket: FakeBucket, head: dict[str, Any], body: bytes) -> FakeKey:
    stored = FakeKey(
        name=head["key"],
        value=body,
        account_id=bucket.account_id,
        region_name=bucket.region_name,
        etag=head["etag"],
        is_versioned=head["versioned"],
        version_id=head["version"],
        bucket_name=bucket.name,
        encryption=head["encryption"],
    )
    stored.set_metadata(head["metadata"])
    stored.last_modified = datetime.fromisoformat(head["modified"])
    return stored
