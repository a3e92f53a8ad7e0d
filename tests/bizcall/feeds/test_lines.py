"""Objects are cut into lines in bounded memory, whatever they hold (FD-01)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest

from bizcall.feeds import lines
from bizcall.feeds.lines import CHUNK_LINES, FIRST_LINES, LINE_MOST, Chunk
from bizcall.feeds.rejects import FileFault, FileRefused, LineFault


async def pieces(body: bytes, size: int = 1024 * 1024) -> AsyncIterator[bytes]:
    """The body, piece by piece."""
    for begin in range(0, len(body), size):
        yield body[begin : begin + size]


async def cut(body: bytes, *, csv: bool = False, after: int = 0, size: int = 7, packed: bool = False) -> list[Chunk]:
    """The chunks of a body."""
    unpacked = lines.unpacked(pieces(body, size), packed=packed)
    return [chunk async for chunk in lines.chunks(unpacked, csv=csv, after=after)]


def told(chunks: list[Chunk]) -> list[tuple[int, bytes]]:
    """The records of all chunks."""
    return [record for chunk in chunks for record in chunk.records]


def faults(chunks: list[Chunk]) -> list[tuple[int, LineFault]]:
    """The bad lines of all chunks."""
    return [(reject.line, reject.fault) for chunk in chunks for reject in chunk.rejects]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
async def test_FD_01_lines_are_counted_as_editors_count_them(size: int, ending: bytes) -> None:
    body = b"\xef\xbb\xbf" + ending.join([b"a", b"", b"b b", b"c"])

    found = await cut(body, size=size)

    assert told(found) == [(1, b"a"), (3, b"b b"), (4, b"c")]
    assert (found[-1].lines, found[-1].size) == (4, len(body))


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("csv", [False, True])
async def test_FD_01_lines_of_blanks_are_no_records(csv: bool, ending: bytes) -> None:
    found = await cut(ending.join([b"h", b"   ", b"a", b"\t \x0b", b"", b" b"]), csv=csv, size=1000)

    assert told(found)[-2:] == [(3, b"a"), (6, b" b")]
    assert (len(told(found)), faults(found)) == (2 if csv else 3, [])


async def test_FD_01_the_place_moves_on_behind_lines_that_hold_no_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "CHUNK_BYTES", 1000)
    body = b"a\n" + b"\n" * 1500 + b"x" * (LINE_MOST + 1) + b"\n" + b" \n" * 500 + b"b\n"

    found = await cut(body, size=1)

    assert told(found) == [(1, b"a"), (2003, b"b")]
    assert faults(found) == [(1502, LineFault.TOO_LONG)]
    assert [chunk.lines for chunk in found] == [999, 1502, 2002, 2003]
    behind = [await cut(body, after=chunk.lines, size=1000) for chunk in found]
    assert [told(chunks) for chunks in behind] == [[(2003, b"b")]] * 3 + [[]]


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4])
async def test_FD_01_reading_goes_on_behind_any_line(after: int) -> None:
    body = b"h,h\n1,1\n2,2\n3,3\n"

    found = await cut(body, csv=True, after=after)

    assert told(found) == [(n, b"%d,%d" % (n - 1, n - 1)) for n in range(max(2, after + 1), 5)]
    assert all(chunk.header == b"h,h" for chunk in found)


@pytest.mark.parametrize("body", [b"h,h", b"h,h\n", b"h,h\r\n\n  \n"])
async def test_FD_01_a_header_alone_is_told(body: bytes) -> None:
    [only] = await cut(body, csv=True)

    assert (only.header, only.records, only.rejects, only.size) == (b"h,h", [], [], len(body))
    assert await cut(body, csv=True, after=only.lines) == []


async def test_FD_01_nothing_is_an_empty_file_of_json_and_no_csv() -> None:
    assert await cut(b"") == await cut(gzip.compress(b""), packed=True) == []
    for body in (b"", gzip.compress(b"")):
        with pytest.raises(FileRefused) as refused:
            await cut(body, csv=True, packed=bool(body))
        assert refused.value.fault is FileFault.HEADER


@pytest.mark.parametrize("size", [1, 7, 64, 1_000_000])
@pytest.mark.parametrize("csv", [False, True])
async def test_FD_01_whatever_was_read_before_the_rest_is_the_same(
    csv: bool, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "CHUNK_LINES", 3)
    monkeypatch.setattr(lines, "LINE_MOST", 20)
    body = b'\xef\xbb\xbfhead\r\na\n\n"b\nb",1\r\n' + b"x" * 50 + b'\n  \nc\n"d\ne\nf\n' + b"y" * 21 + b"\ng\n\nh\ni"

    whole = await cut(body, csv=csv, size=size)

    for place, chunk in enumerate(whole):
        behind = await cut(body, csv=csv, after=chunk.lines, size=size)
        assert told(behind) == told(whole[place + 1 :])
        assert faults(behind) == faults(whole[place + 1 :])
        assert [(each.lines, each.size) for each in behind[-1:]] == [
            (each.lines, each.size) for each in whole[place + 1 :][-1:]
        ]
    assert (whole[-1].lines, whole[-1].size) == (body.count(b"\n") + 1, len(body))


async def test_FD_01_a_long_line_is_refused_without_being_kept() -> None:
    body = b"a\n" + b"x" * (LINE_MOST * 40) + b"\nb\n" + b"y" * (LINE_MOST + 1)

    found = await cut(body, size=1000)

    assert (told(found), faults(found)) == ([(1, b"a"), (3, b"b")], [(2, LineFault.TOO_LONG), (4, LineFault.TOO_LONG)])


async def test_FD_01_a_quoted_line_break_is_read_as_part_of_its_record() -> None:
    found = await cut(b'h\n"a\nb",1\nc\n"d ""e""\n f"\n', csv=True)

    assert told(found) == [(2, b'"a\nb",1'), (4, b"c"), (5, b'"d ""e""\n f"')]


async def test_FD_01_a_quote_that_is_never_closed_swallows_nothing() -> None:
    body = b'h\n"a\n' + b"b\n" * (LINE_MOST // 2) + b'c\n"d'

    found = await cut(body, csv=True, size=4096)

    assert faults(found) == [(2, LineFault.QUOTES), (LINE_MOST // 2 + 4, LineFault.QUOTES)]
    assert told(found)[-1] == (LINE_MOST // 2 + 3, b"c")
    assert len(told(found)) == LINE_MOST // 2 + 1


async def test_FD_01_chunks_are_bounded_and_follow_each_other() -> None:
    ends = [FIRST_LINES, FIRST_LINES + CHUNK_LINES, FIRST_LINES + CHUNK_LINES * 2, FIRST_LINES + CHUNK_LINES * 2 + 5]
    found = await cut(b"".join(b"%d\n" % n for n in range(ends[-1])), size=50_000)

    assert [len(chunk.records) for chunk in found] == [FIRST_LINES, CHUNK_LINES, CHUNK_LINES, 5]
    assert [chunk.lines for chunk in found] == ends


@pytest.mark.parametrize("body", ["a\n".encode("utf-16"), b"\xfe\xff\x00a"])
async def test_FD_01_utf_16_is_refused(body: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        await cut(body)
    assert refused.value.fault is FileFault.ENCODING


async def test_FD_01_members_of_gzip_follow_each_other() -> None:
    body = gzip.compress(b"") + gzip.compress(b"a\n") + gzip.compress(b"b\n") + b"\0\0\0"

    assert told(await cut(body, packed=True)) == [(1, b"a"), (2, b"b")]


async def test_FD_01_a_gzip_of_members_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MEMBERS_MOST", 3)
    member = gzip.compress(b"a", mtime=0)

    assert told(await cut(member * 3, packed=True)) == [(1, b"aaa")]
    with pytest.raises(FileRefused) as refused:
        await cut(member * 4, packed=True)
    assert refused.value.fault is FileFault.DAMAGED


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", FileFault.NOT_GZIP),
        (b"\0\0", FileFault.NOT_GZIP),
        (b"no gzip at all", FileFault.NOT_GZIP),
        (gzip.compress(b"", mtime=0) + b"and more", FileFault.DAMAGED),
        (gzip.compress(b"", mtime=0) * 1_500 + gzip.compress(b"a\n", mtime=0), FileFault.DAMAGED),
        (gzip.compress(b"a\n", mtime=0)[:5], FileFault.DAMAGED),
        (gzip.compress(b"a\nb\nc\n", mtime=0)[:-6], FileFault.DAMAGED),
        (gzip.compress(b"a\nb\n", mtime=0)[:-8] + b"\0" * 8, FileFault.DAMAGED),
    ],
)
async def test_FD_01_damaged_gzip_is_told(body: bytes, fault: FileFault) -> None:
    with pytest.raises(FileRefused) as refused:
        await cut(body, packed=True)
    assert refused.value.fault is fault


async def test_FD_01_what_stands_before_the_cut_comes_first() -> None:
    packed = gzip.compress(b"".join(b"%d\n" % n for n in range(50_000)))
    seen: list[int] = []

    async def read() -> None:
        unpacked = lines.unpacked(pieces(packed[: len(packed) // 2]), packed=True)
        async for chunk in lines.chunks(unpacked, csv=False, after=0):
            seen.extend(int(record) for _, record in chunk.records)

    with pytest.raises(FileRefused):
        await read()
    assert seen == list(range(len(seen)))
    assert len(seen) > 10_000


@pytest.mark.parametrize("content", [b" ", b"\n", b"a\n"])
async def test_FD_01_a_bomb_is_put_down_early(content: bytes) -> None:
    packer = zlib.compressobj(1, wbits=31)
    bomb = packer.compress(content * 6_000_000) + packer.flush()

    with pytest.raises(FileRefused) as refused:
        await cut(bomb, packed=True, size=100_000)
    assert refused.value.fault is FileFault.TOO_DENSE


async def test_FD_01_a_file_that_is_not_packed_may_be_no_longer_than_can_be_fetched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "PLAIN_BYTES_MOST", 10)
    assert told(await cut(b"a\n" * 5)) != []
    with pytest.raises(FileRefused) as refused:
        await cut(b"a\n" * 6)
    assert refused.value.fault is FileFault.TOO_LARGE
    assert await cut(gzip.compress(b"a\n" * 6), packed=True)
