"""A real SLURM on this machine: two nodes with a logical GPU each, as root, without systemd."""

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

NODES = ("gram1", "gram2")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")

# the nodes claim more cores and memory than the machine has: the estimates are for real films
CONF = """\
ClusterName=gramflow
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmctldPort={ports[0]}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
GresTypes=gpu
ReturnToService=2
MinJobAge=300
KillWait=2
SlurmdParameters=config_overrides
MpiDefault=none
NodeName=DEFAULT CPUs=8 RealMemory=16000 Gres=gpu:1
NodeName=gram1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]}
NodeName=gram2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]}
PartitionName=film Nodes=gram1,gram2 Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Why SLURM cannot be brought up here; None where it can."""
    if os.geteuid() != 0:
        return "SLURM's daemons need root"
    absent = [program for program in PROGRAMS if not shutil.which(program, path=_PATH)]
    return f"not installed: {', '.join(absent)} (slurm-wlm, munge)" if absent else None


_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """SLURM until the block ends, however it does. Gives the environment to use it in."""
    folder.chmod(0o755)
    ports = _free_ports(3)
    conf = folder / "slurm.conf"
    conf.write_text(
        CONF.format(host=socket.gethostname().split(".")[0], folder=folder, ports=ports)
    )
    # no cgroups are looked for
    devices = {node: folder / f"{node}-gpu0" for node in NODES}
    for device in devices.values():
        _pretend_gpu(device)
    lines = [f"NodeName={node} Name=gpu File={device}\n" for node, device in devices.items()]
    (folder / "gres.conf").write_text("".join(lines))
    (folder / "cgroup.conf").write_text(f"CgroupPlugin=cgroup/v1\nCgroupMountpoint={folder}/none\n")
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    environment = {"SLURM_CONF": str(conf), "PATH": f"{_wrapped_srun(folder)}:{_PATH}"}
    with ExitStack() as stack:
        stack.enter_context(_daemon(folder, "munged", _munge_options(folder), environment))
        _wait_for((folder / "munge.socket").exists, folder)
        stack.enter_context(_daemon(folder, "slurmctld", ["-D", "-c"], environment))
        for node in NODES:
            stack.enter_context(_daemon(folder, "slurmd", ["-D", "-c", "-N", node], environment))
        _wait_for(lambda: states(environment) == ["idle", "idle"], folder)
        try:
            yield environment
        finally:
            # jobs outlive the daemons
            ask(environment, "scancel", "--user=root")
            _wait_for(lambda: not ask(environment, "squeue", "--noheader"), folder)


def _pretend_gpu(path: Path) -> None:
    """The null device by another name; in a container that may have none, a plain file does."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        path.touch()


def _wrapped_srun(folder: Path) -> Path:
    """The executor plugin's jobs drop SLURM_CONF before their srun, which then looks in /etc."""
    programs = folder / "bin"
    programs.mkdir()
    srun = programs / "srun"
    real = shutil.which("srun", path=_PATH)
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {real} "$@"\n')
    srun.chmod(0o755)
    return programs


def _munge_options(folder: Path) -> list[str]:
    names = {"key": "key-file", "socket": "socket", "pid": "pid-file", "log": "log-file"}
    options = [f"--{option}={folder}/munge.{end}" for end, option in names.items()]
    return ["--foreground", "--force", f"--seed-file={folder}/munge.seed", *options]


@contextmanager
def _daemon(
    folder: Path, program: str, options: list[str], environment: dict[str, str]
) -> Iterator[None]:
    """A process in the foreground, which ends with the block."""
    with (folder / f"{program}.out").open("a") as log:
        process = subprocess.Popen(
            [str(shutil.which(program, path=_PATH)), *options],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(environment: dict[str, str], *command: str) -> str:
    """What a command of SLURM answers; empty when it fails."""
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def states(environment: dict[str, str]) -> list[str]:
    """The nodes' states."""
    return ask(environment, "sinfo", "--noheader", "--Node", "--format=%T").split()


def _wait_for(condition, folder: Path) -> None:
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    logs = [path.read_text()[-2000:] for path in (*folder.glob("*.log"), *folder.glob("*.out"))]
    raise RuntimeError("SLURM did not get there in 30 seconds\n" + "\n".join(logs))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
