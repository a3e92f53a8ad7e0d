"""The laptop's documents are real PDFs, and put where they are missing only."""

from __future__ import annotations

import re
from typing import Any

from local.publications import objects, page, put


def test_AU_30_a_page_is_a_PDF_whose_table_finds_every_object() -> None:
    body = page(("a manual (of a laptop)", "second line"))

    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF\n$", body)[0])
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n ", body[start:])]
    assert body.startswith(b"%PDF-1.4\n")
    assert body[start:].startswith(b"xref\n0 %d\n" % (len(places) + 1))
    assert [body[place:].split(b"\n")[0] for place in places] == [b"%d 0 obj" % (n + 1) for n in range(len(places))]
    [(length, content)] = re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", body, re.DOTALL)
    assert int(length) == len(content)
    assert rb"(a manual \(of a laptop\)) Tj" in content


def test_AU_30_only_what_is_missing_is_put() -> None:
    first, *others = objects()

    class Bucket:
        """Has one of them."""

        def __init__(self) -> None:
            self.put: list[str] = []

        def list_objects_v2(self, **_: Any) -> dict[str, Any]:
            """What lies there."""
            return {"Contents": [{"Key": first}]}

        def put_object(self, **given: Any) -> None:
            """Keep the key."""
            self.put.append(given["Key"])

    bucket = Bucket()
    put(bucket, "data")

    assert bucket.put == others
