from tests.service.conftest import Caller


def test_it_runs(launched: Caller) -> None:
    got = launched.get("/changes/copilot/adoption", role="sales")
    assert got.status_code == 200, got.get_json()
    assert launched.get("/changes/copilot/adkar").status_code == 200
    assert launched.get("/changes/copilot/reminders").status_code == 200
    assert launched.get("/events").get_json()["next"] == 27
    assert launched.get("/changes").get_json()["changes"][0]["key"] == "copilot"
    a = launched.post(
        "/changes/copilot/assessments",
        {
            "person": "p1",
            "scores": {"awareness": 4, "desire": 2},
            "method": "x",
            "occurred_at": "2026-11-01T00:00:00Z",
            "note": "hi",
        },
    )
    assert a.status_code == 201, a.get_json()
    a = launched.post(
        "/changes/copilot/assessments",
        {
            "person": "p1",
            "scores": {"awareness": 4.5, "desire": 2},
            "method": "x",
            "occurred_at": "2026-11-01T00:00:00Z",
        },
    )
    print(a.get_json())
    assert a.status_code == 422
    print(
        launched.post(
            "/usage",
            {
                "events": [
                    {"id": "1", "app": "copilot", "feature": "x", "actor": "p1", "occurred_at": "2026-11-18T10:00:00Z"},
                    {"id": 1},
                ]
            },
        ).get_json()
    )
    print(launched.client.get("/metrics").get_data(as_text=True)[:400])
    print(launched.post("/changes", {"key": "copilot"}).get_json())
