"""Finds phone numbers and emails in what customers write (C3).

A text in a message is no field for a number: it contains prices, dates, codes, accounts. So a
number counts only with its country code, or with the 0 before it where the country writes one.

Decides C3.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import phonenumbers

from tuyen_events.crm_limits import (
    CONTACT_SUGGESTIONS,
    RECOGNIZED_CHARACTERS,
    RECOGNIZER_STARTS,
    RECOGNIZER_TRIES,
)
from tuyen_events.phones import parse_email, parse_phone

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\u20e3\ufeff]")
"""What people put between digits, so that a channel does not recognize them: invisible characters,
and what makes an emoji of a digit."""

_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|\.(?:com|vn|net|org|me|info|io|ly|gl|co|shop|store|page|app|asia|biz|link|tv|xyz|site)/\S*",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{3,253}(?![\w@])")

_DATE = re.compile(
    r"(?<![\d./-])(?:(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d"
    r"|(?:19|20)\d\d([./-])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12]\d|3[01]))(?![./-]?\d)"
)
_RUN = re.compile(r"\+?[0-9](?:[ \t.,()\u2010-\u2015-]{0,4}[0-9])*")
_GROUP = re.compile(r"[0-9]+")
_THOUSANDS = re.compile(r"\d{1,3}(?: \d{3})* 000")
_MOST_GROUPS = 10
_DIGITS = range(8, 16)

_CURRENCIES = "đ|₫|vnd|vnđ|đồng|dong|usd"
_AMOUNT_FOLLOWS = re.compile(
    rf"(?:{_CURRENCIES}|d|k|tr|triệu|nghìn|ngàn)(?!\w)| (?:{_CURRENCIES})(?!\w)|[%$€@_]",
    re.IGNORECASE,
)
_WORDS_FOLLOW = re.compile(
    r" ?(?:đ|d)[./]?c(?![^\W\d_])"
    r"|(?: ?(?:đ|d) ?[./:] ?| (?:đ|d|đồng|dong) +)[^\W\d_]",
    re.IGNORECASE,
)
"""An address or a sentence, whose first letters are not those of a currency: `đ/c 12 Lê Lợi`,
`ĐC:`, `Đ. Nguyễn Trãi`, `Đồng Nai`, `đồng ý`."""

_CODE_FOLLOWS = re.compile(r"[A-ZĐ]+(?![^\W\d_])|[^\W\d_]*\d")
_CODE_PRECEDES = re.compile(r"(?:[^\W\d]|[#@=$€₫&_]|(?<![^\W_])[A-Z0-9]*[A-Z]-)\(?$")
_NOTHING_BETWEEN = re.compile(r"(?:\s*(?:số|so|là|la)(?!\w))*[\s:.,(\-]*")
_PHONE_WORDS = (
    "sđt|sdt|đt|dt|điện thoại|dien thoai|phone|tel|mobile|zalo|alo|gọi|goi|call|hotline|lh"
    "|liên hệ|lien he|whatsapp|viber"
)
_LABEL = re.compile(
    rf"(?<![^\W_])(?:(?P<phone>{_PHONE_WORDS})"
    r"|(?P<account>stk|tk|tài khoản|tai khoan|account)"
    r"|(?P<code>mã|ma|đơn hàng|don hang|vận đơn|van don|hóa đơn|hoá đơn|order|id|cccd|cmnd|mst)"
    r")(?![^\W\d_])",
    re.IGNORECASE,
)
_BEFORE = 40
"""So many characters before a number say what it is."""


def recognize_facts(text: str, country: str) -> tuple[str, ...]:
    """The phone numbers in the text, in E.164, then the emails, in lower case; each once.

    `country` is the organization's. The work is bounded, however long the text is and whatever it
    contains: only its beginning is searched, a number is looked for at so many places, and so many
    groups of digits are tried as numbers.
    """
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", text[:RECOGNIZED_CHARACTERS]))
    plain = _ADDRESS.sub("\n", plain[:RECOGNIZED_CHARACTERS])
    emails = [parse_email(each.strip(".-")) for each in _EMAIL.findall(plain)]
    bare = _DATE.sub("\n", _EMAIL.sub("\n", plain))
    found = [*_find_phones(bare, country), *(each for each in emails if each is not None)]
    return tuple(dict.fromkeys(found))[:CONTACT_SUGGESTIONS]


@dataclass(frozen=True, slots=True)
class _Run:
    """Groups of digits with nothing but spaces and punctuation between them."""

    groups: Sequence[str]
    international: bool
    """Whether the first group is a country code with a plus."""
    labelled: bool
    """Whether the word before them says that this is a phone number."""


def _find_phones(text: str, country: str) -> Iterator[str]:
    starts = tries = 0
    trunk, code = _writes_zero(country), str(phonenumbers.country_code_for_region(country))
    for run in _find_runs(text):
        start = 0
        while start < len(run.groups):
            starts += 1
            if starts > RECOGNIZER_STARTS:
                return
            plus = run.international and start == 0
            labelled = run.labelled and start == 0 and run.groups[0][0] != "1"
            bare = plus or labelled or not trunk
            end = start + 1
            for window in _list_windows(run.groups, start, None if bare else code):
                tries += 1
                if tries > RECOGNIZER_TRIES:
                    return
                digits = "".join(run.groups[start:window])
                number = parse_phone(f"+{digits}" if plus else digits, country)
                if number is not None and (bare or _is_whole(digits, number)):
                    yield number
                    end = window
                    break
            start = end


def _writes_zero(country: str) -> bool:
    """Whether numbers of the country are written with a 0 before them."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    return metadata is None or metadata.national_prefix == "0"


def _list_windows(groups: Sequence[str], start: int, code: str | None) -> Iterator[int]:
    """The ends of what begins with this group and could be a number, the longest first. It has to
    begin with 0 or with the country code; null if it need not."""
    lengths = [len(each) for each in groups[start : start + _MOST_GROUPS]]
    for count in range(len(lengths), 0, -1):
        if sum(lengths[:count]) in _DIGITS:
            spaced = " ".join(groups[start : start + count])
            with_code = code is None or spaced.replace(" ", "").startswith(code)
            if spaced[0] == "0" or (with_code and not _THOUSANDS.fullmatch(spaced)):
                yield start + count


def _is_whole(digits: str, number: str) -> bool:
    """Whether the digits have the country code or the 0 of the number."""
    return digits[0] == "0" or number == f"+{digits}"


def _find_runs(text: str) -> Iterator[_Run]:
    for found in _RUN.finditer(text):
        groups = _GROUP.findall(found[0])
        if sum(map(len, groups)) < _DIGITS.start:
            continue
        before = text[max(0, found.start() - _BEFORE) : found.start()].rpartition("\n")[2]
        after = text[found.end() : found.end() + _BEFORE]
        label, adjacent = _read_label(before)
        labelled = adjacent and label == "phone"
        international = found[0].startswith("+")
        if label == "account":
            continue
        if (adjacent and label == "code") or (not labelled and _CODE_PRECEDES.search(before)):
            groups, international = groups[1:], False
        if _says_otherwise(after, groups, labelled):
            groups = groups[:-1]
        yield _Run(groups, international, labelled)


def _says_otherwise(after: str, groups: Sequence[str], labelled: bool) -> bool:
    """Whether what comes right after a number says that it is an amount or a code. No amount has a
    word before it that says it is a phone number, unless it is written in thousands."""
    if _WORDS_FOLLOW.match(after):
        return False
    if _CODE_FOLLOWS.match(after):
        return True
    if labelled and not _THOUSANDS.fullmatch(" ".join(groups)):
        return False
    return _AMOUNT_FOLLOWS.match(after) is not None


def _read_label(before: str) -> tuple[str | None, bool]:
    """What the last word before a number says that it is, as far as no other digits come between
    the two; and whether no other word comes between them."""
    bare = re.split(r"\d", before)[-1]
    labels = list(_LABEL.finditer(bare))
    if not labels:
        return None, False
    return labels[-1].lastgroup, _NOTHING_BETWEEN.fullmatch(bare, labels[-1].end()) is not None
