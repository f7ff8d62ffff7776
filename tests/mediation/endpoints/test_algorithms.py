"""Who has its turn when some are busy or away."""

from mediation.endpoints.algorithms import LeastConnections, RoundRobin, WeightedRoundRobin


def anyone(index):
    return True


def test_round_robin_leaves_out_who_is_not_free():
    algorithm = RoundRobin([1, 1, 1])
    assert [algorithm.next(lambda index: index != 1) for _ in range(3)] == [0, 2, 0]
    assert algorithm.next(lambda index: False) is None


def test_weighted_round_robin_gives_the_rest_of_a_turn_away():
    algorithm = WeightedRoundRobin([3, 1])
    assert algorithm.next(anyone) == 0
    assert algorithm.next(lambda index: index != 0) == 1
    assert [algorithm.next(anyone) for _ in range(4)] == [0, 0, 0, 1]
    assert algorithm.next(lambda index: False) is None


def test_least_connections_prefers_who_has_the_least_to_do():
    algorithm = LeastConnections([1, 1, 2])
    for _ in range(4):
        index = algorithm.next(anyone)
        algorithm.started(index)
    assert sorted(algorithm._waiting) == [1, 1, 2]
    algorithm.finished(1)
    assert algorithm.next(anyone) == 1


def test_least_connections_takes_turns_when_nobody_is_busy():
    algorithm = LeastConnections([1, 1])
    turns = []
    for _ in range(3):
        index = algorithm.next(anyone)
        algorithm.started(index)
        algorithm.finished(index)
        turns.append(index)
    assert turns == [0, 1, 0]
