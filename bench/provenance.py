# SPDX-License-Identifier: GPL-2.0-or-later
"""What names a run: the commit, the images, the emulator, the host."""
import hashlib
import os
import platform
import subprocess

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _command(*argv):
    done = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def sha256(path):
    """Of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(images):
    """{path: SHA-256}"""
    return {os.path.relpath(path, REPO): sha256(path) for path in images}


def host_cpu():
    """The processor's name, as the kernel gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def commit():
    """Of the tree."""
    return _command("git", "rev-parse", "HEAD") or "unknown"


def facts(images, emulator):
    """A dictionary that goes into every result."""
    return {
        "commit": commit(),
        "dirty": bool(_command("git", "status", "--porcelain", "--untracked-files=no")),
        "images": digests(images),
        "emulator": _command(emulator, "--version").split("\n")[0],
        "host": {"cpu": host_cpu(), "cpus": os.cpu_count(), "kernel": platform.release(),
                 "load": os.getloadavg()},
    }
