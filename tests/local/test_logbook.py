"""What functions printed is found again by a request's id."""

from __future__ import annotations

import json
import pathlib

from local import logbook


def test_the_lines_of_a_request_are_found_also_where_another_one_takes_over(tmp_path: pathlib.Path) -> None:
    written = [
        ("ApiFunction", json.dumps({"message": "answered", "request_id": "request-1"})),
        ("ApiFunction", json.dumps({"message": "about request-1", "request_id": "request-2"})),
        ("ImportsFunction", json.dumps({"message": "goes on", "request_id": "message-7", "continues": "request-1"})),
        ("ImportsFunction", "no JSON, and request-1 in it"),
    ]
    with logbook.writing(tmp_path) as write:
        for function, line in written:
            write(function, line)
    assert list(logbook.lines(tmp_path)) == written
    assert list(logbook.lines(tmp_path, "request-1")) == [written[0], written[2]]
    assert list(logbook.lines(tmp_path / "nothing")) == []
