"""Markdown of operators becomes HTML that a page may show as it is (NO-02)."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall import markdown


def test_NO_02_what_operators_write_is_shown() -> None:
    shown = markdown.html(
        "## 점검\n\n- **하나**\n- [둘](https://example.com/a?b=c&d)\n\n|가|나|\n|---|---|\n|1|2|\n\n~~취소~~"
    )

    assert "<h2>점검</h2>" in shown
    assert "<strong>하나</strong>" in shown
    assert '<a href="https://example.com/a?b=c&amp;d" rel="noopener noreferrer nofollow">둘</a>' in shown
    assert "<td>1</td>" in shown
    assert "<s>취소</s>" in shown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&#58;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://evil.example/pixel.png)",
        '[x](https://a.example "\\" onmouseover=\\"alert(1)")',
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        "<a href='https://a.example' style='position:fixed'>x</a>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<!--><img src=x onerror=alert(1)>-->",
    ],
)
def test_NO_02_nothing_runs_and_nobody_elsewhere_is_told(text: str) -> None:
    assert not dangerous(markdown.html(text))


PIECES = ("javascript:", "https://a", "script", "img", " onload=", "&#x3c;", "-->", "<!--", "style", "svg")


@given(
    st.lists(
        st.sampled_from([*"<>\"'()[]!`*|\\=/ \n\0가", *PIECES]),
        max_size=30,
    ).map("".join)
)
def test_NO_02_whatever_is_written_nothing_runs(text: str) -> None:
    shown = markdown.html(text)

    assert not dangerous(shown)


def test_NO_02_what_runs_would_be_seen() -> None:
    assert dangerous('<img src=x><a href="javascript:alert(1)" onclick=x>') == [
        *("img", "img.src=x", "a.href=javascript:alert(1)", "a.onclick=x"),
    ]


def test_NO_02_hostile_nesting_takes_no_longer_than_it_is_long() -> None:
    for piece in ("[", "*", "> ", "`", "![](", "<", "- ", "|"):
        assert not dangerous(markdown.html((piece * 10_000)[:10_000]))


class Elements(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note elements and attributes that aren't text."""
        if tag not in markdown.ELEMENTS:
            self.found.append(tag)
        for name, value in attrs:
            schemes = ("https://", "http://", "mailto:", "tel:", "/", "#", "?")
            address = name == "href" and (":" not in (value or "").split("/")[0] or (value or "").startswith(schemes))
            if not (address or name in ("title", "rel", "start")):
                self.found.append(f"{tag}.{name}={value}")


def dangerous(shown: str) -> list[str]:
    """What of some HTML is more than text, structure and links."""
    parser = Elements()
    parser.feed(shown)
    parser.close()
    return parser.found
