"""The words of an invitation, read back as telephones and mail programs read them (IN-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall.dispatch.mails import DELIVERY_HEADER, NAME_BYTES, Letterhead
from bizcall.dispatch.messages import Facts, mail, text_message
from bizcall.dispatch.texts import weight
from bizcall.settings import Settings

LETTERHEAD = Letterhead(Address("비즈콜", addr_spec="no-reply@bizcall.example"), "https://bizcall.example/app")
FACTS = Facts(
    company="주식회사 가나다",
    name="홍길동",
    number="07080000001",
    password="kw7mphr3xd",
    expires_at=datetime(2026, 7, 31, 16, 30, tzinfo=UTC),
)
AT = datetime(2026, 7, 24, 16, 30, 15, tzinfo=UTC)
REFERENCE = "0197f0aa-0000-7000-8000-000000000001-2"
DELIVERY = "0197f0aa-0000-7000-8000-000000000001"


def written(facts: Facts = FACTS, letterhead: Letterhead = LETTERHEAD, to: str = "hong@example.com") -> bytes:
    """The raw message."""
    return mail(facts, letterhead, to=to, reference=REFERENCE, delivery_id=DELIVERY, at=AT)


def read(raw: bytes) -> EmailMessage:
    """What a mail program makes of it."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    """The content of one of its two bodies."""
    body = message.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


class Words(HTMLParser):
    """The visible words and the links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str | None] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and where it leads."""
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.words += data.split()


def test_IN_10_the_text_message_is_one_SMS_with_number_password_and_app() -> None:
    sent = text_message(FACTS, LETTERHEAD)
    assert sent.subject is None
    assert sent.text == "[비즈콜] 앱 로그인\n번호 070-8000-0001\n임시비번 kw7mphr3xd\nhttps://bizcall.example/app"
    assert weight(sent.text) == 85


def test_IN_10_what_does_not_fit_an_SMS_is_an_LMS_with_subject_and_all_words() -> None:
    far = replace(LETTERHEAD, app_url="https://install.bizcall.example/applications/android-and-ios")
    sent = text_message(replace(FACTS, name="김똠각"), far)
    assert sent.subject == "[비즈콜] 업무 전화 앱 초대"
    assert 90 < weight(sent.text) <= 2000
    for said in (
        "김ㄸㅗㅁ각님",
        "주식회사 가나다",
        "070-8000-0001",
        "kw7mphr3xd",
        far.app_url,
        "2026. 8. 1.(토) 01:30",
    ):
        assert said in sent.text


def test_IN_10_mail_reads_back_as_it_was_meant() -> None:
    message = read(written())
    assert message["Subject"] == "[비즈콜] 주식회사 가나다 업무 전화 앱에 초대되었습니다"
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("비즈콜", "no-reply@bizcall.example")
    (recipient,) = message["To"].addresses
    assert (recipient.display_name, recipient.addr_spec) == ("홍길동", "hong@example.com")
    assert message["Date"].datetime == AT
    assert message["Date"] == "Sat, 25 Jul 2026 01:30:15 +0900"
    assert message["Message-ID"] == f"<{REFERENCE}@bizcall.example>"
    assert message[DELIVERY_HEADER] == DELIVERY
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [body.get_content_type() for body in message.iter_parts()] == ["text/plain", "text/html"]
    assert not message.defects
    assert all(not body.defects for body in message.walk())


def test_IN_10_both_bodies_say_the_same() -> None:
    message = read(written())
    page = Words(part(message, "html"))
    for said in ("홍길동님", "070-8000-0001", "kw7mphr3xd", "1.(토)"):
        assert said in part(message, "plain")
        assert any(said in word for word in page.words)
    assert "https://bizcall.example/app" in part(message, "plain")
    assert page.links == ["https://bizcall.example/app"], "nothing else is loaded or linked"


def test_styles_stand_on_the_elements_and_nothing_is_loaded() -> None:
    page = part(read(written()), "html")
    assert "<style" not in page
    assert 'style="' in page
    assert 'lang="ko"' in page
    assert not {"script", "img", "link", "form"} & set(Words(page).tags)


def test_the_wire_holds_ascii_in_short_lines_only() -> None:
    raw = written(replace(FACTS, company="가" * 50, name="나" * 50))
    raw.decode("ascii")
    assert max(map(len, raw.split(b"\r\n"))) <= 76 + 2
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_names_are_words_and_never_markup_or_headers() -> None:
    hostile = replace(FACTS, name='<b>"x"</b>\r\nBcc: a@b.c', company="A&B <script>alert(1)</script>")
    message = read(written(hostile))
    assert message["Bcc"] is None
    page = Words(part(message, "html"))
    assert not {"script", "b"} & set(page.tags)
    assert "<script>alert(1)</script>" in " ".join(page.words)
    assert "A&B <script>" in part(message, "plain")
    assert "{{" not in part(read(written(replace(FACTS, name="{{ password }}"))), "html").replace("{{ password }}", "")
    assert part(read(written(replace(FACTS, name="{{ password }}"))), "plain").count("kw7mphr3xd") == 1


NAMES = st.text(
    alphabet=st.one_of(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.sampled_from('㈜()<>",;:@é中👍ㄱ·=?_'),
    ),
    min_size=1,
    max_size=100,
).map(lambda name: " ".join(name.split()) or "가")


@given(NAMES, NAMES)
def test_any_name_comes_back_whole_from_subject_and_recipient(company: str, name: str) -> None:
    message = read(written(replace(FACTS, company=company, name=name)))
    assert message["Subject"] == f"[비즈콜] {company} 업무 전화 앱에 초대되었습니다"
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "hong@example.com"
    assert recipient.display_name == (name if len(name.encode()) <= NAME_BYTES else "")


@pytest.mark.parametrize("reference", ["a\r\nBcc: x@y.z", "a b", "ㄱ", "<a>"])
def test_a_reference_that_can_not_stand_in_a_header_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        mail(FACTS, LETTERHEAD, to="hong@example.com", reference=reference, delivery_id=DELIVERY, at=AT)


def test_the_letterhead_comes_from_the_environment_and_says_what_is_missing() -> None:
    url = "https://bizcall.example/app"
    named = Letterhead.of(Settings(mail_from="가나다 비즈콜 <a@b.example>", app_url=url))
    bare = Letterhead.of(Settings(mail_from="a@b.example", app_url=url))
    assert (named.sender.display_name, named.sender.addr_spec) == ("가나다 비즈콜", "a@b.example")
    assert (bare.sender.display_name, bare.app_url) == ("비즈콜", url)
    with pytest.raises(RuntimeError, match="MAIL_FROM"):
        Letterhead.of(Settings(mail_from="비즈콜", app_url=url))
    with pytest.raises(RuntimeError, match="APP_URL"):
        Letterhead.of(Settings(mail_from="a@b.example"))


def test_P_facts_never_show_the_password() -> None:
    assert "kw7mphr3xd" not in repr(FACTS)
    assert "홍길동" not in f"{FACTS}"
