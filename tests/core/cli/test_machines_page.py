"""docs/machines.md: its commands are ones that the command line has, and its Slurm script makes a TF_CONFIG for each task."""

import json
import os
import re
import shutil
import subprocess
import textwrap

import pytest

from core.cli.entry import make_parser
from core.learning.network.tensorflow.cluster import Cluster
from tests.core.cli.test_entry import PROJECT

PAGE = (PROJECT / "docs" / "machines.md").read_text("utf-8")
HOSTS = ("node07", "node09", "node10")


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return found


def executable(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(content).lstrip())
    path.chmod(0o755)


@pytest.mark.skipif(not shutil.which("bash"), reason="a script for bash")
def test_the_slurm_script_starts_train_on_each_node_as_another_worker(tmp_path):
    executable(tmp_path / "bin" / "scontrol", "#!/bin/sh\nprintf '%s\\n' " + " ".join(HOSTS))
    executable(
        tmp_path / "bin" / "srun",
        """
        #!/bin/bash
        [[ $1 == --* ]] && shift
        for rank in 0 1 2; do SLURM_PROCID=$rank "$@" || exit; done
        """,
    )
    executable(
        tmp_path / "ritornello" / ".venv" / "bin" / "ritornello-cli",
        """
        #!/bin/sh
        echo "$TF_CONFIG"
        for word in "$@"; do echo "$word"; done
        echo end
        """,
    )
    executable(tmp_path / "train.sh", block("bash"))
    done = subprocess.run(
        ["bash", tmp_path / "train.sh"],
        env={
            "HOME": str(tmp_path),
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "SLURM_JOB_ID": "123456",
            "SLURM_JOB_NODELIST": "node[07,09-10]",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    tasks = [task.splitlines() for task in done.stdout.split("end\n")[:-1]]
    clusters = [Cluster.from_environment({"TF_CONFIG": task[0]}) for task in tasks]
    assert [cluster.index for cluster in clusters if cluster] == [0, 1, 2]
    assert {cluster.addresses for cluster in clusters if cluster} == {tuple(f"{host}:23456" for host in HOSTS)}
    arguments = make_parser().parse_args(tasks[0][1:])
    assert (arguments.resume, arguments.corpus) == (True, [f"{tmp_path}/my-midi-files"])


def test_the_manifest_s_chief_and_workers_run_the_same_command_that_exists():
    commands = [json.loads(found) for found in re.findall(r"args: (\[.*\])", block("yaml"))]
    chief, workers = commands
    assert chief == workers
    arguments = make_parser().parse_args(chief)
    assert arguments.resume
    assert arguments.corpus == ["/pieces"]


def test_the_page_s_example_of_tf_config_is_understood():
    (example,) = re.findall(r'^\{"cluster".*\}$', PAGE, re.MULTILINE)
    cluster = Cluster.from_environment({"TF_CONFIG": example})
    assert cluster is not None
    assert cluster.is_chief
