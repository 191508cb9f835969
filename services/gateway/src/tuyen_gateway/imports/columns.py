"""Maps the columns of a file to the fields of contacts (C9)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tuyen_events.custom_fields import CustomFields
from tuyen_events.ids import AgentId
from tuyen_platform.text import fold_accents

CONTACT_FIELDS = ("name", "phones", "emails", "gender", "birthday", "address", "location", "tags")
ENROLLING = ("campaign_id", "care_status")
ASSIGNEE = "assignee"
SEVERAL = frozenset({"phones", "emails", "tags"})
"""Fields that several columns may have."""
CUSTOM = "custom."
STEP = "steps."
"""Before the id of a pipeline: the step of it."""

_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "name",
        "full name",
        "customer",
        "customer name",
        "contact",
        "ten",
        "ho ten",
        "ho va ten",
        "ten khach",
        "ten khach hang",
        "khach hang",
    ),
    "phones": (
        "phones",
        "phone",
        "phone number",
        "mobile",
        "tel",
        "telephone",
        "dien thoai",
        "so dien thoai",
        "dien thoai di dong",
        "di dong",
        "so di dong",
        "sdt",
        "so dt",
        "dt",
    ),
    "emails": (
        "emails",
        "email",
        "e mail",
        "mail",
        "email address",
        "thu dien tu",
        "dia chi email",
    ),
    "gender": ("gender", "sex", "gioi tinh", "phai"),
    "birthday": ("birthday", "birth date", "date of birth", "dob", "ngay sinh", "sinh nhat"),
    "address": ("address", "dia chi", "noi o"),
    "location": ("location", "city", "province", "khu vuc", "tinh", "thanh pho", "tinh thanh"),
    "tags": ("tags", "tag", "labels", "label", "nhan", "the", "nhan khach hang"),
}
_FIELD_OF = {heading: field for field, headings in _HEADINGS.items() for heading in headings}
_NUMBERED = re.compile(r"\s*\d+$")


@dataclass(frozen=True, slots=True)
class ImportableFields:
    """The fields to which the columns of a file can be mapped: those that every contact has, and
    what the organization has set up."""

    custom: CustomFields
    pipelines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By pipeline, the names of its steps by their ids."""
    campaigns: Collection[str] = ()
    agents: Collection[AgentId] = ()
    """To whom the importer may assign contacts; nobody if they are no manager of the warehouse."""

    @property
    def names(self) -> tuple[str, ...]:
        return (
            *list_template_columns(self.custom),
            *ENROLLING,
            *([ASSIGNEE] if self.agents else []),
            *(f"{STEP}{pipeline_id}" for pipeline_id in self.pipelines),
        )


def list_template_columns(custom: CustomFields) -> tuple[str, ...]:
    """The columns of a file to fill in: what people know of a contact."""
    return (*CONTACT_FIELDS, *(f"{CUSTOM}{field_id}" for field_id in custom))


def guess_mapping(columns: Sequence[str], fields: ImportableFields) -> dict[str, str]:
    """By column, the field that its heading means; a field of which there is one value belongs to
    the first such column. Fields mean themselves; a custom one is also meant by its name."""
    named = {_find_words(each.name): f"{CUSTOM}{id_}" for id_, each in fields.custom.items()}
    known = frozenset(fields.names)
    guessed: dict[str, str] = {}
    for column in columns:
        words = _find_words(column)
        name = column if column in known else named.get(words) or _guess(words)
        if name is not None and (name in SEVERAL or name not in guessed.values()):
            guessed[column] = name
    return guessed


def _find_words(heading: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold_accents(heading)).split())


def _guess(words: str) -> str | None:
    return _FIELD_OF.get(words) or _FIELD_OF.get(_NUMBERED.sub("", words))
