"""The list of contacts: its filters, for whoever reads the contacts, and for nobody else."""

import msgspec

from gateway.api.crm.answering import contact, show
from gateway.api.crm.test_warehouses import fill, warehouse
from gateway.rig import Rig, User
from tuyen_events.crm.shares import CareStatus
from tuyen_platform.mongodb import Database


async def test_c5_s3_w3_contacts_are_listed_by_their_tag_campaign_and_care_status(
    desk: Rig, owner: User, contacts: Database
) -> None:
    await fill(contacts, warehouse("default", members=("lan",)))
    member = await desk.staff(owner, "lan")
    marked = {"tags": ("VIP",), "campaign_id": "tet", "care_status": CareStatus.MULTI_ASSIGNED}
    await show(contacts, msgspec.structs.replace(contact(0, "shop", "Nguyễn Vĩnh"), **marked))
    for asked in ("tag=vip", "campaign=tet", "care_status=multi_assigned"):
        listed = (await owner.done("GET", f"/v1/contacts?{asked}"))["items"]
        assert [each["id"] for each in listed] == ["con_0"]
        assert (await member.done("GET", f"/v1/contacts?{asked}"))["items"] == []
    for asked in ("tag=vi", "campaign=other", "care_status=multi_assign_pending"):
        assert (await owner.done("GET", f"/v1/contacts?{asked}"))["items"] == []
    assert (await owner.get("/v1/contacts?care_status=other")).status_code == 422


async def test_i4_contacts_are_found_by_a_phone_number_in_any_usual_form(
    owner: User, contacts: Database
) -> None:
    thu = msgspec.structs.replace(contact(3, "shop", "Thu"), phones=("+84381234567",))
    await show(contacts, thu)
    whole = ("0084381234567", "+84 (0)381 234 567", "0381 234 567", "0168 123 4567", "381234567")
    for text in (*whole, "4567"):
        found = (
            await owner.client.get(
                "/v1/contacts",
                params={"phone": text},
                headers={"Authorization": f"Bearer {owner.token}"},
            )
        ).json()["items"]
        assert [each["id"] for each in found] == ["con_3"], text
    (found,) = (await owner.done("GET", "/v1/contacts?q=0084381234567"))["items"]
    assert found["id"] == "con_3"
