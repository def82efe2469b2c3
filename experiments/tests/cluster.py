# SPDX-License-Identifier: GPL-2.0-or-later
"""A Slurm cluster of one node on this machine, out of Debian's packages unpacked in the cache.

Nothing is installed and no port or folder outside the one given is used, but for the node's name.
"""
import contextlib
import os
import shutil
import socket
import subprocess
import time

CONF = """ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
PluginDir={libs}/slurm-wlm
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_port():
    """A port that is free just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def environment(root, folder):
    """What programs of the unpacked packages need."""
    libs = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    return os.environ | {
        "LD_LIBRARY_PATH": f"{libs}:{libs}/slurm-wlm", "SLURM_CONF": f"{folder}/slurm.conf",
        "PATH": f"{root}/usr/bin:{root}/usr/sbin:{os.environ['PATH']}"}


def wait(what, check, seconds=60):
    """Wait until check() is true, or raise."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} did not come in {seconds} s")
        time.sleep(0.2)


def node_state(env):
    """idle, or what sinfo says instead."""
    done = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, env=env,
                          check=False)
    return done.stdout.strip()


@contextlib.contextmanager
def slurm(root, folder, cpus=2):
    """Start munge and Slurm; yields the environment for its commands."""
    env = environment(root, folder)
    libs = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    for name in ("state", "spool"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    os.chmod(folder, 0o755)
    with open(os.path.join(folder, "slurm.conf"), "w", encoding="utf-8") as file:
        file.write(CONF.format(host=socket.gethostname().split(".")[0], folder=folder, libs=libs,
                               cpus=cpus, port=free_port(), node_port=free_port(),
                               user="root" if os.getuid() == 0 else os.environ["USER"]))
    with open(os.path.join(folder, "key"), "wb") as file:
        file.write(os.urandom(64))
    os.chmod(os.path.join(folder, "key"), 0o600)
    sbin = os.path.join(root, "usr/sbin")
    commands = [
        [f"{sbin}/munged", "-F", "-f", f"--socket={folder}/munge.socket", f"--key-file={folder}/key",
         f"--log-file={folder}/munged.log", f"--pid-file={folder}/munged.pid",
         f"--seed-file={folder}/munged.seed"],
        [f"{sbin}/slurmctld-wlm", "-D", "-c", "-f", f"{folder}/slurm.conf"],
        [f"{sbin}/slurmd-wlm", "-D", "-c", "-f", f"{folder}/slurm.conf", "-d",
         f"{sbin}/slurmstepd-wlm"]]
    with contextlib.ExitStack() as stack:
        children = []
        stack.callback(stop, children)
        for command in commands:
            log = stack.enter_context(open(os.path.join(
                folder, os.path.basename(command[0]) + ".out"), "wb"))
            # pylint: disable=consider-using-with
            children.append(subprocess.Popen(command, env=env, stdout=log, stderr=log,
                                             stdin=subprocess.DEVNULL))
            if len(children) == 1:
                wait("munge's socket", lambda: os.path.exists(f"{folder}/munge.socket"))
        try:
            wait("an idle node", lambda: node_state(env) == "idle")
        except RuntimeError as err:
            raise RuntimeError(f"{err}; {logs(folder)}") from None
        yield env


def logs(folder):
    """The ends of the daemons' logs."""
    ends = []
    for name in sorted(os.listdir(folder)):
        if name.endswith((".log", ".out")):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                ends.append(name + ": " + " / ".join(file.read().splitlines()[-5:]))
    return "\n".join(ends)


def stop(children):
    """End the daemons, the last first."""
    for child in reversed(children):
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def unpacked(cache):
    """The folder of the unpacked packages, or None."""
    root = os.path.join(cache, "root", "cluster")
    return root if shutil.which("munged", path=os.path.join(root, "usr/sbin")) else None
