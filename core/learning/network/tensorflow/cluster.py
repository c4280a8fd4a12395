"""The machines that train together, as TF_CONFIG tells each of them: who they are, and which one this is.

TF_CONFIG is TensorFlow's own convention: Kubernetes' training operators set it, a Slurm script can. Its JSON holds the
same `cluster` (host:port of each worker) on every machine, and `task`, which of them this one is. All start the same
command; the first, the chief, has the pieces and keeps the model, the others need neither.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import DamagedError, TrainingError
from core.loading.json_values import parse_json

VARIABLE = "TF_CONFIG"
_MOST_BYTES = 1_000_000
_JOBS = ("chief", "worker")
"""In the order that TensorFlow counts them in."""
_ADDRESS = re.compile(r"[^\s:/]+:\d{1,5}|\[[0-9A-Fa-f:.]+\]:\d{1,5}")
_TASK = re.compile(r"/job:(chief|worker)/(?:replica:\d+/)?task:(\d+)")

_HEARTBEAT = "CoordinationService/Heartbeat"
"""The service lives with the chief."""


class MachineLostError(TrainingError):
    """Another machine of the cluster can't be reached any more."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """More than one machine."""

    addresses: tuple[str, ...]
    """Host and port of each, the chief's first."""
    index: int
    """Which of them this one is."""
    has_chief_job: bool
    """Whether TF_CONFIG names the chief apart from the workers."""

    @property
    def is_chief(self) -> bool:
        return self.index == 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Cluster | None":
        """None where TF_CONFIG is unset or names this machine alone. Raises TrainingError when it can't be understood."""
        told = environment.get(VARIABLE, "").strip()
        if not told:
            return None
        try:
            content = parse_json(told.encode(), at_most=_MOST_BYTES)
            machines: dict[str, list[str]] = content.get("cluster") or {}
            addresses = tuple(address for job in _JOBS for address in machines.get(job, ()))
            if len(addresses) < 2 and not set(machines) - set(_JOBS):
                return None
            job, index = str(content["task"]["type"]), int(content["task"]["index"])
        except (DamagedError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _misunderstood(f"it is no JSON of the form {_form()}") from error
        if set(machines) - set(_JOBS):
            raise _misunderstood(f"it names machines of the kind “{min(set(machines) - set(_JOBS))}”")
        if len(machines.get("chief", ())) > 1:
            raise _misunderstood("it names more than one chief")
        if wrong := [address for address in addresses if not _ADDRESS.fullmatch(str(address))]:
            raise _misunderstood(f"“{wrong[0]}” is no host:port")
        if len(set(addresses)) < len(addresses):
            raise _misunderstood("it names an address twice")
        if job not in machines or not 0 <= index < len(machines[job]):
            raise _misunderstood(f"its task, {job} {index}, is none of its cluster")
        before = sum(len(machines.get(earlier, ())) for earlier in _JOBS[: _JOBS.index(job)])
        return cls(addresses, before + index, has_chief_job=bool(machines.get("chief")))

    def lost(self, told: str) -> MachineLostError:
        """The error for what TensorFlow says of a machine that is gone; named where it names one."""
        found = _TASK.search(told)
        place = None
        if found:
            place = int(found[2]) + (self.has_chief_job and found[1] == "worker")
        elif _HEARTBEAT in told:
            place = 0
        who = "another machine"
        if place is not None and place != self.index and place < len(self.addresses):
            who = f"{'the chief' if place == 0 else f'machine {place + 1} of {len(self.addresses)}'} ({self.addresses[place]})"
        kept = "What was learnt until now is kept." if self.is_chief else "The chief keeps what was learnt."
        return MachineLostError(
            f"Training broke off: {who} can't be reached any more. {kept}",
            hint="Start all machines again with --resume.",
        )


def _form() -> str:
    return '{"cluster": {"worker": ["host:port", …]}, "task": {"type": "worker", "index": 0}}'


def _misunderstood(why: str) -> TrainingError:
    return TrainingError(
        f"{VARIABLE} can't be used: {why}.",
        hint=f"Unset {VARIABLE} to train on this machine alone, or see docs/machines.md.",
    )
