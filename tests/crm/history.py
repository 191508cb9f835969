"""Commands of a shop, of all kinds, and what their callers are told."""

from crm.rig import (
    change_note,
    note,
    put_campaign,
    remove_campaign,
    remove_note,
    rename,
)
from tuyen_events.crm.records import CrmCommand

HISTORY: tuple[CrmCommand | tuple[str, str | None], ...] = (
    ("670", None),
    rename(1, "670", "Chị Lan"),
    ("671", "Minh"),
    rename(2, "671", "Anh Minh", expected=1),
    rename(3, "671", "Anh Minh VIP", expected=1),
    ("670", "Lan"),
    rename(4, "670", None),
    rename(5, "999", "Nobody"),
    rename(1, "670", "Chị Lan"),
    rename(6, "670", "Lan Anh"),
    note(8, "670"),
    rename(7, "670", "Lan Anh"),
    note(8, "670"),
    note(9, "999"),
    put_campaign(31, "tet", "Tết"),
    change_note(32, "670", of=8),
    change_note(33, "670", of=8, expected=1),
    put_campaign(34, "tet", "Tết 2027", expected=1),
    put_campaign(34, "tet", "Tết 2027", expected=1),
    remove_note(36, "670", of=8),
    remove_note(37, "670", of=8),
    change_note(38, "670", of=8),
    remove_campaign(39, "tet"),
    remove_campaign(40, "tet"),
)
"""Three commands are in the log twice."""

EXPECTED_RESULTS = {
    "cmd_1": {("applied", 2)},
    "cmd_2": {("applied", 2)},
    "cmd_3": {("version_passed", 2)},
    "cmd_4": {("applied", 4)},
    "cmd_5": {("not_found", 0)},
    "cmd_6": {("applied", 5)},
    "cmd_7": {("unchanged", 5)},
    "cmd_8": {("applied", 6)},
    "cmd_9": {("not_found", 0)},
    "cmd_31": {("applied", 1)},
    "cmd_32": {("applied", 7)},
    "cmd_33": {("version_passed", 7)},
    "cmd_34": {("applied", 2)},
    "cmd_36": {("applied", 8)},
    "cmd_37": {("unchanged", 0)},
    "cmd_38": {("not_found", 0)},
    "cmd_39": {("applied", 3)},
    "cmd_40": {("unchanged", 0)},
    "cmd_50": {("applied", 1)},
    "cmd_51": {("applied", 10)},
    "cmd_52": {("applied", 11)},
}
