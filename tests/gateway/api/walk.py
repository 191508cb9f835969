"""What a walk through every field of every route needs: bodies that are taken, and values that are
not."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.api.strict_database import REPLY, THREAD
from gateway.api.walk_contacts import CONTACT, CONTACT_FILTER, SETUP
from gateway.channels_twin import SECRET

Place = tuple[str | int, ...]
"""Where in a body a value stands."""

PATHS: Mapping[str, str] = {
    "agent_id": "walked",
    "page_id": "chat",
    "rule_id": "rule",
    "department_id": "sales",
    "region_id": "north",
    "group_id": "giay",
    "link_id": "vn",
    "conversation_id": THREAD,
    "message_id": REPLY,
    "contact_id": "con_1",
    "merge_id": "mrg_1",
    "suggestion_id": "sug_1",
    "tag": "vip",
    "note_id": "note_1",
    "task_id": "task_1",
    "deal_id": "deal_1",
    "ticket_id": "ticket_1",
    "appointment_id": "appointment_1",
    "campaign_id": "tet",
    "import_id": "imp_1",
    "warehouse_id": "default",
    "team_id": "nhom-1",
    "pipeline_id": "retail",
    "contact_field_id": "size",
    "number": "+84912345678",
    "proposal_id": "mpr_1",
    "integration_id": "tong-dai",
    "sharing_rule_id": "rule",
    "post_id": "104_1",
    "organization_id": "other",
    "channel": "facebook",
    "template_id": "chao",
    "view_id": "moi",
    "letter_id": "evt_letter",
}

_TASK: dict[str, Any] = {
    "title": "Gọi lại",
    "due_at": "2026-12-01T03:00:00Z",
    "remind_at": "2026-12-01T02:30:00Z",
    "assignee": "lan",
    "state": "open",
}
_DEAL: dict[str, Any] = {
    "name": "Sỉ 40 đôi",
    "value": {"amount": "18000000", "currency": "VND"},
    "stage": "open",
    "expected_close": "2026-12-24",
    "assignee": "lan",
}
_TICKET: dict[str, Any] = {
    "subject": "Giày bong keo",
    "description": "Sau ba ngày.",
    "priority": "high",
    "state": "open",
    "assignee": "lan",
}
_APPOINTMENT: dict[str, Any] = {
    "title": "Thử giày",
    "starts_at": "2026-12-02T02:00:00Z",
    "ends_at": "2026-12-02T03:00:00Z",
    "place": "Lê Lợi",
    "remind_minutes": 30,
    "state": "planned",
    "assignee": "lan",
}

_INTEGRATION: dict[str, Any] = {"name": "Tổng đài", "kind": "calls", "warehouse_id": "default"}

BODIES: Mapping[tuple[str, str], tuple[dict[str, Any], ...]] = {
    ("POST", "/v1/auth/login"): (
        {"organization": "shop", "username": "lan", "password": "s3cret"},
    ),
    ("POST", "/v1/auth/refresh"): ({"refresh_token": "set by the walk"},),
    ("POST", "/v1/auth/logout"): ({"refresh_token": "set by the walk"},),
    ("POST", "/v1/auth/openid/start"): ({"redirect_uri": "https://inbox.example/login"},),
    ("POST", "/v1/auth/openid/callback"): ({"code": "c", "state": "s", "attempt": "a"},),
    ("POST", "/v1/organizations"): (
        {
            "id": "third",
            "name": "Third",
            "country": "VN",
            "time_zone": "Asia/Ho_Chi_Minh",
            "admin": {"username": "chu", "password": "third-password"},
        },
    ),
    ("PATCH", "/v1/organizations/{organization_id}"): (
        {"suspended": False, "time_zone": "Asia/Bangkok"},
    ),
    ("PUT", "/v1/departments/{department_id}"): ({"name": "Bán hàng"},),
    ("PUT", "/v1/departments/{department_id}/regions/{region_id}"): ({"name": "Miền Bắc"},),
    ("PUT", "/v1/agents/{agent_id}"): (
        {
            "name": "Walked",
            "username": "walked",
            "password": "walked-password",
            "role": "agent",
            "departments": ["sales"],
            "regions": ["sales/north"],
            "disabled": False,
            "crm": {"access": True, "import": True, "export": False, "delete": False},
        },
    ),
    ("PUT", "/v1/support-team"): ({"agent_ids": ["walked"]},),
    ("PUT", "/v1/pages/{page_id}"): (
        {
            "channel": "livechat",
            "name": "Chat",
            "staff": ["walked"],
            "status": "active",
            "automatic_apps": ["app-1"],
            "reply_url": "https://shop.example/replies",
            "sites": ["https://shop.example"],
        },
    ),
    ("POST", "/v1/pages/connect/{channel}"): ({"redirect_uri": "https://inbox.example/back"},),
    ("POST", "/v1/pages/connect/callback"): ({"code": f"{SECRET}-code", "state": "set"},),
    ("POST", "/v1/pages/connect/{channel}/callback"): ({"code": "again", "state": "set"},),
    ("PUT", "/v1/settings"): (
        {
            "page_permissions": False,
            "assignment": True,
            "visibility": "everyone",
            "auto_assign": False,
            "auto_reassign": False,
            "when_nobody": "queue",
            "take_unassigned": True,
            "done_after_hours": 1,
            "merge_contacts": "at_once",
        },
    ),
    ("PUT", "/v1/rules/{rule_id}"): (
        {
            "name": "Ca tối",
            "enabled": True,
            "mode": "sequential",
            "applies_to": "online",
            "pages": ["chat"],
            "members": [
                {"agent_id": "walked", "capabilities": ["facebook_comment"], "capacity": 3}
            ],
        },
    ),
    ("PUT", "/v1/groups/{group_id}"): ({"name": "Giày", "members": ["walked"]},),
    ("PUT", "/v1/links/{link_id}"): ({"url": "https://shop.example/vn", "group": "giay"},),
    ("PUT", "/v1/templates/{template_id}"): (
        {"title": "Chào", "text": "Chào {{customer.name}}", "channels": ["facebook"]},
    ),
    ("PUT", "/v1/views/{view_id}"): (
        {
            "name": "Mới",
            "filter": {
                "kind": "message",
                "channel": "livechat",
                "page": "chat",
                "state": "unread",
                "assignee": "me",
                "tag": "vip",
                "q": "lan",
                "external_id": "v-1",
                "done": False,
            },
            "shared": True,
        },
    ),
    ("PUT", "/v1/me/preferences"): (
        {"language": "vi", "theme": "dark", "sound": True, "panes": {"contact": [320, None]}},
    ),
    ("POST", "/v1/raw/replay"): (
        {"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z", "page": "chat"},
    ),
    ("PUT", "/v1/presence"): ({"status": "online", "session": "phone", "agent_id": "walked"},),
    ("POST", "/v1/presence/heartbeat"): ({"session": "phone"},),
    ("POST", "/v1/agents/{agent_id}/handover"): ({"to": "lan", "note": "nghỉ"},),
    ("PUT", "/v1/conversations/{conversation_id}/assignee"): ({"agent_id": "lan", "note": "quen"},),
    ("PUT", "/v1/conversations/{conversation_id}/done"): ({"done": True},),
    ("POST", "/v1/conversations/{conversation_id}/messages"): (
        {"text": "Dạ còn ạ", "reply_to": REPLY, "private": False, "attachment_ids": []},
    ),
    ("PATCH", "/v1/comments/{message_id}"): ({"hidden": True, "liked": True, "text": "Dạ"},),
    ("PUT", "/v1/conversations/{conversation_id}/viewing"): ({"typing": True},),
    ("POST", "/v1/contacts/bulk"): (
        {
            "ids": ["con_1"],
            "set": {
                "assignee": "lan",
                "warehouse_id": "default",
                "campaign_id": "tet",
                "care_status": "multi_assign_pending",
                "tags": {"add": ["VIP"], "remove": ["mới"]},
                "step": {"retail": "quoted"},
            },
            "note": "Tết",
        },
        {"filter": CONTACT_FILTER, "set": {"campaign_id": None}},
    ),
    ("POST", "/v1/exports"): (
        {
            "kind": "contacts",
            "filter": CONTACT_FILTER,
            "columns": ["name", "phones"],
            "format": "csv",
        },
    ),
    ("PUT", "/v1/imports/{import_id}/mapping"): (
        {"mapping": {"Họ tên": "name"}, "duplicates": "fill"},
    ),
    ("PATCH", "/v1/contacts/{contact_id}"): (
        {**CONTACT, "warehouse_id": "north", "campaign_id": None, "care_status": None},
    ),
    ("POST", "/v1/contacts"): ({**CONTACT, "warehouse_id": "default"},),
    ("POST", "/v1/contacts/{contact_id}/merge"): ({"with": "con_1"},),
    ("POST", "/v1/contacts/{contact_id}/suggestions/{suggestion_id}"): ({"accept": True},),
    ("POST", "/v1/contacts/{contact_id}/notes"): ({"text": "Thích giày size 42."},),
    ("PUT", "/v1/contacts/{contact_id}/notes/{note_id}"): ({"text": "Thích giày size 42."},),
    ("PATCH", "/v1/notes/{note_id}"): ({"text": "Thích giày size 43."},),
    ("POST", "/v1/contacts/{contact_id}/tasks"): (_TASK,),
    ("PUT", "/v1/contacts/{contact_id}/tasks/{task_id}"): (_TASK,),
    ("PATCH", "/v1/tasks/{task_id}"): (_TASK,),
    ("POST", "/v1/contacts/{contact_id}/deals"): (_DEAL,),
    ("PUT", "/v1/contacts/{contact_id}/deals/{deal_id}"): (_DEAL,),
    ("PATCH", "/v1/deals/{deal_id}"): (_DEAL,),
    ("POST", "/v1/contacts/{contact_id}/tickets"): (_TICKET,),
    ("PUT", "/v1/contacts/{contact_id}/tickets/{ticket_id}"): (_TICKET,),
    ("PATCH", "/v1/tickets/{ticket_id}"): (_TICKET,),
    ("POST", "/v1/contacts/{contact_id}/appointments"): (_APPOINTMENT,),
    ("PUT", "/v1/contacts/{contact_id}/appointments/{appointment_id}"): (_APPOINTMENT,),
    ("PATCH", "/v1/appointments/{appointment_id}"): (_APPOINTMENT,),
    ("POST", "/v1/warehouses/{warehouse_id}/claims"): ({"contact_id": "con_1"},),
    ("POST", "/v1/merge-proposals/{proposal_id}"): ({"accept": True},),
    ("POST", "/v1/shared-numbers"): ({"value": "0912 345 678"},),
    ("PUT", "/v1/contacts/{contact_id}/steps/{pipeline_id}"): ({"step_id": "new", "note": "x"},),
    ("PUT", "/v1/pipelines/{pipeline_id}"): (
        {"name": "Bán lẻ", "steps": [{"id": "new", "name": "Mới", "color": "#f2a900"}]},
    ),
    ("PUT", "/v1/integrations/{integration_id}"): (_INTEGRATION,),
    ("POST", "/v1/integrations"): (_INTEGRATION,),
    ("PATCH", "/v1/integrations/{integration_id}"): (_INTEGRATION,),
    ("POST", "/v1/calls"): (
        {
            "external_id": "20261121-0001",
            **{"direction": "in", "phone": "0912 345 678", "agent_id": "lan"},
            **{"started_at": "2026-11-21T08:00:00Z", "duration_s": 185, "result": "answered"},
            "recording_url": "https://tong-dai.example/1.mp3",
        },
    ),
    ("POST", "/v1/leads"): (
        {
            "external_id": "form-17",
            "name": "Chị Lan",
            "phones": ["0912 345 678"],
            "emails": ["lan@example.com"],
            "custom": {"size": "42"},
            "note": "Gọi buổi tối.",
        },
    ),
    ("POST", "/v1/conversations/{conversation_id}/read"): ({"until": "m_1"},),
    ("POST", "/v1/conversations/bulk"): (
        {"ids": [THREAD], "set": {"assignee": "lan", "done": True}, "note": "cuối ngày"},
        {
            "filter": {
                "kind": "message",
                "channel": "livechat",
                "page": "chat",
                "state": "unread",
                "assignee": "none",
                "tag": "vip",
                "q": "lan",
                "external_id": "v-1",
                "done": False,
            },
            "set": {"done": True},
        },
    ),
    **{("POST", f"/v1/{many}"): (body,) for (many, _), body in SETUP.items()},
    **{
        (method, f"/v1/{many}/{{{name}}}"): (body,)
        for (many, name), body in SETUP.items()
        for method in ("PUT", "PATCH")
    },
}
"""What each route takes; together they name every field."""

ACCOUNT: dict[str, Any] = {
    **{"channel": "facebook", "external_id": "1001", "name": "Shop"},
    "credentials": {
        **{"access_token": "page-token", "refresh_token": "refresh-token"},
        "expires_at": "2027-01-01T00:00:00Z",
    },
}
"""A page that the page of the body above can never become."""

UNSET = frozenset(
    {
        *("external_id", "credentials", "access_token", "refresh_token", "expires_at"),
        *("connection", "tags", "ids", "filter", "note", "template_id"),
    }
)
"""Fields that a body of BODIES leaves out because others of it rule them out."""


def places(value: object, at: Place = ()) -> Iterator[Place]:
    """Every value of a body, its own included."""
    yield at
    if isinstance(value, dict):
        for name, held in value.items():
            yield from places(held, (*at, name))
    if isinstance(value, list):
        for index, held in enumerate(value):
            yield from places(held, (*at, index))


_HOLE = "\x01"


def replace_value(body: object, place: Place, odd: str) -> bytes:
    """The body as JSON, with `odd` for the value at `place`."""
    copy = json.loads(json.dumps(body))
    if not place:
        return odd.encode()
    inside = copy
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = _HOLE
    return json.dumps(copy).replace(json.dumps(_HOLE), odd).encode()


def address(path: str, ids: Mapping[str, str]) -> str:
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition("}")
        path = before + ids.get(name, "nothing") + after
    return path


def body_for(method: str, path: str) -> object:
    """A body that the route takes, if it takes any."""
    return BODIES.get((method, path), (None,))[0]
