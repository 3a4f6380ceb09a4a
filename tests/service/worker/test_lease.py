from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest

from events.types.people import PersonOptedOut
from events.types.reinforcement import ReminderRaised
from service.settings import Settings
from service.worker.lease import LostLease, check, lease
from tests.service.worker import cast
from tests.service.worker.cast import NOW, Organisation

OTHER = "tests.service.worker.another_process"


def held(org: Organisation, task: str = "evaluate") -> AbstractContextManager[int | None]:
    return lease(org.takehold.database, org.id, task)


def taken(org: Organisation, task: str = "evaluate") -> bool:
    with held(org, task) as epoch:
        return epoch is None


def test_of_many_threads_one_holds_the_lease(org: Organisation) -> None:
    together, answers = threading.Barrier(8), []

    def try_it() -> None:
        together.wait(cast.PATIENCE)
        with held(org) as epoch:
            answers.append(epoch)
            together.wait(cast.PATIENCE)

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [1, *[None] * 7]


def test_of_several_processes_one_holds_the_lease(
    org: Organisation, shared_settings: Settings, another_process: Callable[..., Any]
) -> None:
    processes = [another_process(shared_settings, OTHER, "hold_lease", org.id) for _ in range(3)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 3
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sorted(process.stdout.readline() for process in processes) == ["1\n", "None\n", "None\n"]
    assert taken(org)
    assert not taken(org, "another task")


def test_the_lease_is_free_when_the_block_ends(org: Organisation) -> None:
    with held(org) as first:
        assert taken(org)
    with held(org) as second:
        assert (first, second) == (1, 2)


def test_the_lease_is_free_when_the_block_raises(org: Organisation) -> None:
    with pytest.raises(ZeroDivisionError), held(org):
        raise ZeroDivisionError
    assert not taken(org)


def test_workspaces_do_not_wait_for_each_other(org: Organisation) -> None:
    with (
        held(org) as here,
        lease(org.takehold.database, f"not {org.id}", "evaluate") as there,
    ):
        assert (here, there) == (1, 1)


def test_a_lease_that_ran_out_is_taken_over_and_its_late_holder_records_nothing(copilot: Organisation) -> None:

    def record(epoch: int) -> None:
        with copilot.unit() as unit:
            unit.append(uuid4(), [PersonOptedOut(person=copilot.people[cast.DORA], opted_out=True)])
            check(unit.connection, copilot.id, "evaluate", epoch)

    with held(copilot) as late:
        assert late == 1
        copilot.leases_run_out()
        with held(copilot) as successor:
            assert successor == 2
            with pytest.raises(LostLease):
                record(late)
            record(successor)
    assert len(copilot.told(PersonOptedOut)) == 1


def test_a_late_holder_that_lets_go_does_not_let_go_for_its_successor(org: Organisation) -> None:
    late = held(org)
    late.__enter__()
    org.leases_run_out()
    with held(org):
        late.__exit__(None, None, None)
        assert taken(org)


def test_an_evaluation_that_took_longer_than_its_lease_records_nothing(
    copilot: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    copilot.everybody_but(cast.DORA)
    from service.worker import evaluate

    def slow(*_: object) -> list[Any]:
        copilot.leases_run_out()
        assert not taken(copilot)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "RULES", (*evaluate.RULES, slow))
        with pytest.raises(LostLease):
            copilot.evaluate(NOW)
    assert copilot.told(ReminderRaised) == []
    assert copilot.deliveries() == []
    assert copilot.evaluate(NOW).raised == 1
