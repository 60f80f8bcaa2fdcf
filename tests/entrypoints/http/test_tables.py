"""Tables of tokens through the whole server: in as CSV, looked at first, and out again."""

import asyncio

from voltloom.features import authorization

CSV = "value,kind,holder\n04A2B3,ISO14443,Ada\n,ISO14443,Nobody\n=1+1,ISO14443,<b>Eve</b>\n"
HEADERS = {"content-type": "text/csv; charset=utf-8"}


def test_a_file_is_looked_at_first_then_taken_and_comes_out_again(serve_sqlite):
    async def story():
        async with serve_sqlite(authorization.feature) as serving, serving.as_admin() as admin:
            path = "/api/v1/tokens/import"
            tried = await admin.post(path, params={"dry_run": True}, content=CSV, headers=HEADERS)
            assert tried.status_code == 200, tried.text
            told = tried.json()
            assert (told["added"], told["refused"]) == (2, 1)
            assert [(row["row"], row["fate"]) for row in told["rows"]] == [(1, "added"), (2, "refused"), (3, "added")]
            assert (await admin.get("/api/v1/tokens")).json()["items"] == []
            taken = await admin.post(path, content=CSV, headers=HEADERS)
            assert taken.json()["rows"] == told["rows"]
            out = (await admin.get("/api/v1/tokens/export")).text
            assert "04A2B3" in out
            assert "'=1+1" in out
            again = await admin.post(path, content=out, headers=HEADERS)
            assert (again.json()["unchanged"], again.json()["refused"]) == (2, 0)

    asyncio.run(story())


def test_a_table_is_taken_where_one_is_expected_and_nowhere_else(serve_sqlite):
    async def story():
        async with serve_sqlite(authorization.feature) as serving, serving.as_admin() as admin:
            elsewhere = await admin.post("/api/v1/tokens", content=CSV, headers=HEADERS)
            assert (elsewhere.status_code, elsewhere.json()["type"]) == (415, "/api/docs#problem-not-json")
            for body in (b"value\n\x00", b"value\n\xff\xfe", b"what\nelse", b'value\n"open'):
                answer = await admin.post("/api/v1/tokens/import", content=body, headers=HEADERS)
                assert answer.status_code == 422, body

    asyncio.run(story())


def test_a_table_may_have_four_megabytes_and_what_is_none_one(serve_sqlite):
    async def story():
        async with serve_sqlite(authorization.feature) as serving, serving.as_admin() as admin:
            path = "/api/v1/tokens/import"
            rows = "".join(f"T{number},{'x' * 150}\r\n" for number in range(10_000))
            many = await admin.post(path, params={"dry_run": True}, content=f"value,note\r\n{rows}", headers=HEADERS)
            assert (many.status_code, many.json()["added"]) == (200, 10_000)
            for body, headers in (
                (b"x" * ((4 << 20) + 1), HEADERS),
                (b'"' + b"x" * (1 << 20) + b'"', {"content-type": "application/json"}),
            ):
                assert (await admin.post(path, content=body, headers=headers)).status_code == 413

    asyncio.run(story())
