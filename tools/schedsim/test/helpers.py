# SPDX-License-Identifier: GPL-2.0-or-later
"""What schedsim's tests share: the program, and workloads in a few words."""
import json
import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SIM = os.path.dirname(HERE)
REPO = os.path.dirname(os.path.dirname(SIM))
WORKLOADS = os.path.join(SIM, "workloads")
TIMEOUT = 120

OK, INPUT, USAGE, STALL, MISS, DIVERGENCE, BROKEN = range(7)
SPIN = {"kind": "spin"}


def periodic(period, work, **more):
    """A periodic task."""
    return {"kind": "periodic", "period": period, "work": work, **more}


def domain(task, **more):
    """A domain whose vCPUs all do task."""
    return {"task": task, **more}


class SimCase(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        # pylint: disable-next=consider-using-with
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        """A file in the test's folder."""
        return os.path.join(self.folder.name, name)

    def file(self, name, text):
        """Write a file; its path."""
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text if isinstance(text, str) else json.dumps(text))
        return self.path(name)

    def workload(self, *domains, duration="1s", name="w.json"):
        """The path of a workload of these domains."""
        return self.file(name, {"duration": duration, "domains": list(domains)})

    def sim(self, *args, status=OK, program="SCHEDSIM"):
        """Run schedsim, which must end with this status; (stdout, stderr)."""
        done = subprocess.run([os.environ[program], *map(str, args)], capture_output=True,
                              text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, status, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout, done.stderr

    def run_json(self, *args, status=OK):
        """Run `schedsim run --json`; {(table, row): {name: value}}."""
        out, _ = self.sim("run", "--json", *args, status=status)
        return {(r["table"], r["row"]): r for r in json.loads(out)}
