"""Bodies about contacts and their setup, for the walk through all routes."""

from collections.abc import Mapping
from typing import Any

CONTACT_FILTER: Mapping[str, Any] = {
    "custom": {"size": "42"},
    "q": "lan",
    "phone": "678",
    "email": "lan@example.com",
    "tag": "VIP",
    "step": "retail:new",
    "campaign": "tet",
    "care_status": "multi_assigned",
    "warehouse": "default",
    "assignee": "lan",
}
CONTACT: Mapping[str, Any] = {
    **{"name": "Chị Lan", "phones": ["0912 345 678"], "emails": ["lan@example.com"]},
    **{"gender": "female", "birthday": "1990-12-31"},
    "address": "12 Lê Lợi, Huế",
    "location": "Huế",
    "custom": {"size": "42"},
    "assignee": "lan",
}

SETUP: Mapping[tuple[str, str], dict[str, Any]] = {
    ("campaigns", "campaign_id"): {"name": "Tết 2027"},
    ("contact-fields", "contact_field_id"): {
        **{"name": "Màu", "type": "choice", "choices": ["Đỏ", "Đen"], "required": False},
    },
    ("pipelines", "pipeline_id"): {
        "name": "Bán lẻ",
        "steps": [{"id": "new", "name": "Mới", "color": "#f2a900"}],
    },
    ("sharing-rules", "sharing_rule_id"): {
        "name": "Khách Tết",
        "type": "multi_assigned_account",
        "owner": "walked",
        "campaign_id": "tet",
        "agent_ids": ["walked"],
        "every_minutes": 15,
    },
    ("teams", "team_id"): {"name": "Nhóm 1", "leaders": ["walked"], "members": ["lan"]},
    ("warehouses", "warehouse_id"): {
        "name": "Kho miền Bắc",
        "description": "Khách từ trang Hà Nội.",
        "members": ["lan"],
        "managers": ["walked"],
        "sources": ["chat"],
        "distribute": "sequential",
    },
}
"""What is set up, by its names in addresses."""
