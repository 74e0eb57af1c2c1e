"""Twenty rounds of `make chaos`, which plays two hundred on each stack."""

import pytest

from chaos import invariants, rounds, stacks

# Between them they meet every kind of fault; the number of a kind is its place in faults.kinds().
SEEDS = {
    "redis": (3, 4, 5, 9, 11, 12, 13, 16, 17, 19),
    "rabbitmq": (13, 14, 15, 16),
    "embedded": (0, 2, 3, 6, 13, 16),
}


@pytest.mark.parametrize("name", SEEDS)
def test_whatever_dies_under_load_nothing_accepted_is_lost_or_done_twice(name: str):
    with stacks.running(name) as stack:
        played = [rounds.play(stack, seed, load_seconds=1.0) for seed in SEEDS[name]]
        breaches = {str(each): each.verdict.breaches for each in played if each.verdict.breaches}
        left = invariants.orphans(stack)

    print(rounds.table(played))
    assert breaches == {}
    assert left == []
    assert sum(each.accepted for each in played) > len(played)


def test_a_seed_gives_the_same_schedule_each_time():
    from chaos import faults

    seeds = range(200)
    first, second = ([faults.schedule("redis", seed, 1.5) for seed in seeds] for _ in range(2))

    assert first == second
    assert {fault.kind for schedule in first for fault in schedule} == {
        " ".join(kind) for kind in faults.kinds("redis")
    }
