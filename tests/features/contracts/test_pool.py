"""The pool of contracts, over its routes, where there is none."""

import asyncio

from charging_by_hand import charging_api
from voltloom.features.access import Role
from voltloom.features.contracts.pool import Pool
from voltloom.infra.outbound import Outbound


def test_where_there_is_no_pool_that_is_said(fresh_database):
    async def story() -> None:
        async with fresh_database() as database, charging_api(database) as client:
            found = (await client.get("/contract-pool")).json()
            assert (found["url"], found["given"], found["last_given_at"]) == ("", 0, None)
            assert (await client.get("/contract-requests")).json() == {"items": [], "next": None}
            refused = await client.client.post("/contract-pool/test")
            assert refused.status_code == 409
            assert "contract_pool_url" in refused.json()["detail"]
            client.role = Role.VIEWER
            assert (await client.client.post("/contract-pool/test")).status_code == 403

    asyncio.run(story())


def test_what_may_be_a_secret_in_its_address_is_not_shown():
    assert Pool(Outbound(), "https://who:secret@pool.example/a?key=secret").shown_url == "https://pool.example/a"
