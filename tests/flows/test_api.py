"""The REST API on a real socket, over the real store and desks."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.inbound import openapi, routes
from gateway.sample import province
from tests.flows.edge_house import (
    KEY,
    OTHER_KEY,
    EdgeHouse,
    edge_house,
    handover,
)

ID = "099084000012"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


# --- hand-over --------------------------------------------------------------------------------------------------------


async def test_a_hand_over_is_lodged_and_can_be_looked_up(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    assert receipt["state"] == "IN_POST"
    assert receipt["code"].startswith("000.") and receipt["item_number"].startswith("EE")
    assert receipt["due_at"].startswith("2026-11-2") and receipt["due_final"] is False
    status, found = await house.json("GET", receipt["href"])
    assert status == 200
    assert found["dossier"]["code"] == receipt["code"]
    assert found["dossier"]["owner"]["name"] == "Giàng A Tủa"
    assert {line["source"] for line in found["timeline"]} >= {"one_stop", "post"}
    assert [clock["kind"] for clock in found["clocks"]] == ["processing", "postal"]


async def test_numbers_of_a_person_are_masked_wherever_the_api_shows_a_dossier(house: EdgeHouse) -> None:
    receipt = await house.lodge(note=f"CCCD {ID}")
    async with house.session.get(f"{house.url}{receipt['href']}", headers={"Authorization": f"Bearer {KEY}"}) as reply:
        text = await reply.text()
    assert ID not in text
    assert "0100123456" not in text
    assert "0990••••••12" in text


async def test_the_same_key_gets_the_first_answer_and_another_body_a_conflict(house: EdgeHouse) -> None:
    told: dict[str, Any] = {"headers": {"Idempotency-Key": "counter-2/17"}}
    first = await house.json("POST", "/api/v1/handovers", json=handover(), **told)
    again = await house.json("POST", "/api/v1/handovers", json=handover(), **told)
    other = await house.json("POST", "/api/v1/handovers", json=handover(parcels=2), **told)
    assert first == again and first[0] == 201
    assert other[0] == 409 and other[1]["type"].endswith("idempotency.reused")
    assert (await house.json("GET", "/api/v1/dossiers"))[1]["dossiers"][0]["code"] == first[1]["code"]
    assert len((await house.json("GET", "/api/v1/dossiers"))[1]["dossiers"]) == 1


async def test_two_equal_hand_overs_at_the_same_time_make_one_dossier(house: EdgeHouse) -> None:
    told: dict[str, Any] = {"headers": {"Idempotency-Key": "twice"}}
    answers = await asyncio.gather(
        *(house.json("POST", "/api/v1/handovers", json=handover(), **told) for _ in range(8))
    )
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert len((await house.json("GET", "/api/v1/dossiers"))[1]["dossiers"]) == 1


async def test_every_fault_of_a_body_is_told_at_once_with_its_path_and_a_vietnamese_sentence(house: EdgeHouse) -> None:
    body = handover(
        channel=7,
        procedure="nonsense",
        handed_at="2026-11-23T08:55:00",
        surprise=1,
        signed_by="",
        return_address=...,
        owner={"kind": "citizen", "name": " ", "id_kind": "cccd", "id_number": "123", "address": {}},
        components=[{"no": 0, "name": "Đơn", "kind": "original", "sheets_counted": "two"}],
    )
    status, told = await house.json("POST", "/api/v1/handovers", json=body)
    assert status == 422
    faults = {fault["path"]: fault for fault in told["faults"]}
    assert set(faults) == {
        *("channel", "procedure", "handed_at", "surprise", "signed_by", "return_address"),
        *("owner.name", "owner.id_number", "owner.address.line", "owner.address.commune"),
        *("components[0].no", "components[0].sheets_counted"),
    }
    assert faults["handed_at"]["message"].startswith("Thời điểm phải có múi giờ")
    assert faults["owner.id_number"]["message"] == "Số căn cước (CCCD) phải có 12 chữ số."
    assert all(fault["message"] != fault["code"] for fault in told["faults"])


async def test_what_only_our_data_shows_is_told_the_same_way(house: EdgeHouse) -> None:
    body = handover(procedure="9.999999", receiving_unit="nowhere", post_unit="no-post")
    status, told = await house.json("POST", "/api/v1/handovers", json=body, params={"lang": "en"})
    assert status == 422
    assert {"procedure", "receiving_unit"} <= {fault["path"] for fault in told["faults"]}
    assert any(fault["message"].startswith("There is no procedure 9.999999") for fault in told["faults"])
    assert told["correlation_id"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b'{"note":"' + b"x" * 1_100_000 + b'"}', "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_gets_a_problem(
    house: EdgeHouse, body: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {KEY}"}
    async with house.session.post(f"{house.url}/api/v1/handovers", data=body, headers=headers) as reply:
        assert reply.status == status
        assert reply.content_type == "application/problem+json"
        told = await reply.json(content_type=None)
    assert told["detail"] and "Traceback" not in json.dumps(told)


async def test_an_idempotency_key_that_is_no_key_is_refused(house: EdgeHouse) -> None:
    status, told = await house.json("POST", "/api/v1/handovers", json=handover(), headers={"Idempotency-Key": "a b"})
    assert (status, told["type"]) == (400, "urn:x-lienthong:problem:request.key")


# --- who may ----------------------------------------------------------------------------------------------------------


async def test_without_a_key_or_with_a_wrong_one_nothing_is_answered(house: EdgeHouse) -> None:
    for key in (None, "k-wrong"):
        status, told = await house.json("GET", "/api/v1/dossiers", key=key)
        assert status == 401 and told["type"].endswith("request.unauthenticated")


async def test_a_unit_sees_only_what_is_on_its_way_and_the_look_is_audited(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    status, told = await house.json("GET", receipt["href"], key=OTHER_KEY)
    assert status == 403 and "Giàng" not in json.dumps(told, ensure_ascii=False)
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    assert [(row.act.act, row.act.who) for row in rows][-1] == ("refused", "key:other")
    assert (await house.json("GET", "/api/v1/dossiers", key=OTHER_KEY))[1]["dossiers"] == []
    mine = await house.lodge(receiving_unit=province.OTHER_COMMUNE)
    assert (await house.json("GET", mine["href"], key=OTHER_KEY))[0] == 200


async def test_a_unit_does_not_take_in_for_another(house: EdgeHouse) -> None:
    status, _ = await house.json("POST", "/api/v1/handovers", json=handover(), key=OTHER_KEY)
    assert status == 403


async def test_a_key_without_the_role_is_refused(house: EdgeHouse) -> None:
    assert (await house.json("GET", "/api/v1/messages", key=OTHER_KEY))[0] == 403


# --- reading ----------------------------------------------------------------------------------------------------------


async def test_search_takes_prefix_suffix_names_without_marks_and_item_numbers(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    for text in (receipt["code"], receipt["code"][:12], receipt["code"][-4:], "giang a tua", receipt["item_number"]):
        _, told = await house.json("GET", "/api/v1/dossiers", params={"q": text})
        assert [line["code"] for line in told["dossiers"]] == [receipt["code"]], text
    assert (await house.json("GET", "/api/v1/dossiers", params={"q": "zzzz"}))[1]["dossiers"] == []


async def test_a_page_of_dossiers_goes_on_where_the_last_one_ended(house: EdgeHouse) -> None:
    codes = [(await house.lodge())["code"] for _ in range(5)]
    seen, after = [], None
    while True:
        params = {"limit": "2", **({"after": str(after)} if after else {})}
        _, told = await house.json("GET", "/api/v1/dossiers", params=params)
        seen += [line["code"] for line in told["dossiers"]]
        after = told["next_after"]
        if after is None:
            break
    assert seen == codes[::-1]


async def test_an_unknown_dossier_is_not_found_and_a_bad_number_is_a_bad_request(house: EdgeHouse) -> None:
    assert (await house.json("GET", "/api/v1/dossiers/000.00.14.H99-260105-9999"))[0] == 404
    assert (await house.json("GET", "/api/v1/messages/abc"))[0] == 400
    assert (await house.json("GET", "/api/v1/messages/999"))[0] == 404
    assert (await house.json("GET", "/api/v1/messages?state=nonsense"))[0] == 400
    assert (await house.json("GET", "/nowhere"))[0] == 404
    assert (await house.json("DELETE", "/api/v1/dossiers"))[0] == 405


async def test_messages_are_listed_and_decided_on_with_a_reason(house: EdgeHouse) -> None:
    await house.lodge()
    _, told = await house.json("GET", "/api/v1/messages")
    peers = {message["peer"] for message in told["messages"]}
    assert "dvcqg" in peers
    first, second, *_ = told["messages"]
    status, wrong = await house.json("POST", f"/api/v1/messages/{first['id']}/resolve", json={"reason": "."})
    assert status == 422 and wrong["faults"][0]["path"] == "reason"
    status, done = await house.json("POST", f"/api/v1/messages/{first['id']}/resolve", json={"reason": "đã gọi điện"})
    assert (status, done["state"]) == (200, "resolved")
    assert (await house.json("POST", f"/api/v1/messages/{second['id']}/retry"))[1]["state"] == "pending"
    _, shown = await house.json("GET", f"/api/v1/messages/{first['id']}")
    assert shown["message"]["reason"] == "đã gọi điện" and shown["attempts"] == []


# --- the rest ---------------------------------------------------------------------------------------------------------


async def test_health_and_metrics_answer_without_a_key(house: EdgeHouse) -> None:
    await house.lodge()
    assert (await house.json("GET", "/health/live", key=None))[1]["status"] == "alive"
    status, ready = await house.json("GET", "/health/ready", key=None)
    assert (status, ready) == (200, {"status": "ready", "parts": {"store": True, "bell": True}})
    async with house.session.get(f"{house.url}/metrics") as reply:
        page = await reply.text()
    assert 'lienthong_messages{peer="dvcqg",state="pending"}' in page
    assert 'route="/api/v1/handovers",status="201"' in page


async def test_every_answer_carries_its_correlation_id_and_the_headers_of_a_safe_page(house: EdgeHouse) -> None:
    headers = {"X-Correlation-ID": "counter-2-000017", "Authorization": f"Bearer {KEY}"}
    async with house.session.get(f"{house.url}/api/v1/dossiers", headers=headers) as reply:
        assert reply.headers["X-Correlation-ID"] == "counter-2-000017"
        assert "unsafe-inline" not in reply.headers["Content-Security-Policy"]
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in reply.headers
    async with house.session.get(f"{house.url}/nowhere", headers={"X-Correlation-ID": "x\ty"}) as reply:
        assert len(reply.headers["X-Correlation-ID"]) == 32


async def test_every_route_declares_who_may_use_it(house: EdgeHouse) -> None:
    assert routes.undeclared(house.app) == ()
    assert len(routes.declared(house.app)) > 25


async def test_every_route_that_asks_for_a_log_in_refuses_a_stranger(house: EdgeHouse) -> None:
    for route in routes.declared(house.app):
        if route.access.roles is None:
            continue
        path = route.path.replace("{", "").replace("}", "")
        async with house.session.request(route.method, f"{house.url}{path}", allow_redirects=False) as reply:
            assert reply.status in ({303} if route.page and route.method == "GET" else {401}), route.path


async def test_the_openapi_document_names_every_api_route_and_only_schemas_that_exist(house: EdgeHouse) -> None:
    status, document = await house.json("GET", openapi.PATH, key=None)
    assert status == 200 and document["openapi"] == "3.1.0"
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert told == {(route.method, route.path) for route in routes.declared(house.app) if not route.page}
    names = set(document["components"]["schemas"])
    refs = set(_refs(document))
    assert {ref.rpartition("/")[2] for ref in refs} <= names
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


async def test_the_openapi_document_is_valid(house: EdgeHouse) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    _, document = await house.json("GET", openapi.PATH, key=None)
    validator.validate(document)


def _refs(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for value in node.values() for ref in _refs(value)]
    if isinstance(node, list):
        return [ref for value in node for ref in _refs(value)]
    return []
