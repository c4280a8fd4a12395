"""TF_CONFIG: who trains together, and what is said when it can't be understood or a machine is gone."""

import json

import pytest

from core.errors import TrainingError
from core.learning.network.tensorflow.cluster import Cluster


def told(machines, job="worker", index=0):
    return {"TF_CONFIG": json.dumps({"cluster": machines, "task": {"type": job, "index": index}})}


def test_without_a_cluster_this_machine_trains_alone():
    assert Cluster.from_environment({}) is None
    assert Cluster.from_environment({"TF_CONFIG": " "}) is None
    assert Cluster.from_environment({"TF_CONFIG": "{}"}) is None
    assert Cluster.from_environment(told({"worker": ["localhost:2222"]})) is None


def test_the_first_worker_is_the_chief():
    workers = {"worker": ["a:1", "b:2", "[::1]:3"]}
    first, last = (Cluster.from_environment(told(workers, index=index)) for index in (0, 2))
    assert first.is_chief
    assert not last.is_chief
    assert last.addresses == ("a:1", "b:2", "[::1]:3")


def test_a_chief_of_its_own_comes_before_the_workers():
    machines = {"worker": ["b:2", "c:3"], "chief": ["a:1"]}
    chief = Cluster.from_environment(told(machines, "chief"))
    worker = Cluster.from_environment(told(machines, "worker", 1))
    assert chief.is_chief
    assert (worker.index, worker.addresses) == (2, ("a:1", "b:2", "c:3"))


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"TF_CONFIG": "worker 0 of 2"}, "no JSON"),
        ({"TF_CONFIG": "[1]"}, "no JSON"),
        ({"TF_CONFIG": "[" * 100_000}, "no JSON"),
        ({"TF_CONFIG": '{"cluster": {"worker": ["a:1", "b:2"]}}'}, "no JSON"),
        ({"TF_CONFIG": '{"cluster": {"worker": 5}, "task": {"type": "worker", "index": 0}}'}, "no JSON"),
        (told({"worker": ["a:1", "b:2"]}, index=2), "worker 2, is none"),
        (told({"worker": ["a:1", "b:2"]}, index=-1), "is none"),
        (told({"worker": ["a:1", "b:2"]}, "evaluator"), "evaluator 0, is none"),
        (told({"worker": ["a:1"], "ps": ["b:2"]}), "the kind “ps”"),
        (told({"worker": ["a:1"], "chief": ["b:2", "c:3"]}), "more than one chief"),
        (told({"worker": ["a:1", "http://b:2"]}), "“http://b:2” is no host:port"),
        (told({"worker": ["a:1", "a:1"]}), "an address twice"),
    ],
)
def test_what_can_not_be_is_told_in_one_sentence(environment, why):
    with pytest.raises(TrainingError, match="TF_CONFIG can't be used") as caught:
        Cluster.from_environment(environment)
    assert why in caught.value.sentence
    assert "machines.md" in caught.value.hint


@pytest.mark.parametrize(
    ("index", "told", "who"),
    [
        (0, "Reset. remote target /job:worker/replica:0/task:1 while", "machine 3 of 3 (c:3)"),
        (0, "The following tasks are unhealthy:\n/job:worker/task:0\n", "machine 2 of 3 (b:2)"),
        (2, "Reset. remote target /job:chief/replica:0/task:0 while", "the chief (a:1)"),
        (1, "from /job:worker/replica:0/task:0, this machine itself", "another machine"),
        (1, "from /job:worker/replica:0/task:7", "another machine"),
        (1, "Deadline Exceeded\nRPC: /tensorflow.CoordinationService/Heartbeat\n", "the chief (a:1)"),
        (1, "Deadline Exceeded", "another machine"),
    ],
)
def test_the_machine_that_is_gone_is_named(index, told, who):
    error = Cluster(("a:1", "b:2", "c:3"), index, has_chief_job=True).lost(told)
    assert error.sentence.startswith(f"Training broke off: {who} can't be reached any more.")
    assert "--resume" in error.hint
