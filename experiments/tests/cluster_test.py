#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one plan as a Slurm job array and under GNU parallel over a stand-in for ssh.

The experiment is a pretended one, so this takes seconds. The packages are those of [cluster] in scripts/packages.txt (make test-lab-cluster fetches them).
"""
import os
import stat
import sys
import tempfile
import unittest

import cluster
import world
from lab import folder, reproduce
import qemu

CACHE = qemu.cache_dir()
ROOT = cluster.unpacked(CACHE)
# Takes the place of ssh: notes whom it was to reach and runs the command here.
SSH = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
echo "$1" >> "$(dirname "$0")/reached"
shift
if [ "$1" = -- ]; then shift; fi
exec sh -c "$*"
"""


class Backends(world.World):
    """The same plan on each backend."""

    def setUp(self):
        super().setUp()
        if ROOT is None:
            self.fail("the packages of [cluster] are not in the cache; run scripts/setup.sh "
                      "--no-install --group cluster")
        self.before = dict(os.environ)
        self.addCleanup(self.reset)

    def reset(self):
        """The environment as it was."""
        os.environ.clear()
        os.environ.update(self.before)

    def same_as_local(self):
        """What the backend left, beside a run on this machine."""
        there = folder.Run(self.run_folder())
        self.results = self.place("local")
        self.lab("run", self.experiment)
        same, lines = reproduce.compare(folder.Run(self.run_folder()), there)
        self.assertTrue(same, lines)

    def test_slurm(self):
        """A job array of four cells, and one more that fails."""
        with tempfile.TemporaryDirectory(prefix="lab-slurm-") as place, \
                cluster.slurm(ROOT, place) as env:
            os.environ.update({k: env[k] for k in ("LD_LIBRARY_PATH", "SLURM_CONF", "PATH")})
            status, out, err = self.lab("run", self.experiment, "--backend", "slurm")
            self.assertEqual(status, 0, out + err + cluster.logs(place))
            self.assertIn("cells 0-3, 1 cores each", out)
            self.assertIn("[4/4]", out)
            self.same_as_local()
            self.results = self.place("failing")
            self.plan('["plain"]', '["fail=1"]')
            status, out, _ = self.lab("run", self.experiment, "--backend", "slurm")
            self.assertEqual((status, out.count("FAILED: Panic")), (1, 4), out)

    def test_parallel(self):
        """Two hosts, reached by a stand-in for ssh."""
        self.write("bin/ssh", SSH)
        os.chmod(self.place("bin/ssh"), stat.S_IRWXU)
        os.environ["PATH"] = f"{ROOT}/usr/bin:{os.environ['PATH']}"
        status, out, err = self.lab("run", self.experiment, "--backend", "parallel", "--jobs", "1",
                                    "--hosts", "one.example,two.example", "--ssh",
                                    self.place("bin/ssh"))
        self.assertEqual(status, 0, out + err)
        self.assertIn("[4/4]", out)
        reached = self.read("bin/reached").split()
        self.assertEqual({"one.example", "two.example"}, set(reached), reached)
        self.same_as_local()


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    bad = len(result.failures) + len(result.errors)
    print(f"CLUSTER total {result.testsRun - bad} {bad} {len(result.skipped)}")
    sys.exit(1 if bad else 0)
