#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of xenstored as a process: killed under load, restarted, refused, and asked by others.

usage: test_xenstored.py XENSTORED-SIM XENSTORE XENSTORED [unittest options]

XENSTORED-SIM is the daemon with a hypervisor made of files, XENSTORE the shell command, XENSTORED
the daemon as it is installed, for what sanitizers are in the way of. Debian's
clients are tried when the cache folder ($XENOLITH_CACHE or .cache) has them. The last line is
`XENSTORED total PASSED FAILED SKIPPED`.
"""

import glob
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import xenstored_peer as peer

PROGRAM = COMMAND = INSTALLED = ""
SEED = int(os.environ.get("UNIT_SEED", "20221"))
KILLS = int(os.environ.get("KILLS", "12"))


class Writer(threading.Thread):
    """Writes growing numbers; knows what was acknowledged. A subclass says how."""

    def __init__(self, name):
        super().__init__(name=name, daemon=True)
        self.tried = self.acked = 0
        self.stop = False
        self.problem = None

    def run(self):
        try:
            while not self.stop:
                self.tried = max(self.tried, self.acked) + 1
                if self.step(self.tried):
                    self.acked = self.tried
        except Exception as e:  # pylint: disable=broad-except
            self.problem = e


class SocketWriter(Writer):
    """Over the socket, connecting anew when the daemon is gone. Two nodes in a transaction."""

    def __init__(self, daemon, number):
        super().__init__(f"socket {number}")
        self.daemon_process, self.client = daemon, None
        self.paths = [f"/load/{number}/a", f"/load/{number}/b"]

    def step(self, value):
        try:
            self.client = self.client or self.daemon_process.client()
            tx = self.client.start()
            for path in self.paths:
                self.client.write(path, value, tx)
            self.client.end(tx)
            return True
        except peer.Refused as e:
            if str(e) != "EAGAIN":
                raise
        except peer.Gone:
            self.client = None
            time.sleep(0.002)
        return False


class GuestWriter(Writer):
    """Over a ring, which must not notice that daemons come and go."""

    def __init__(self, guest):
        super().__init__(f"guest {guest.domid}")
        self.guest = guest
        self.paths = [f"/local/domain/{guest.domid}/n"]
        self.retries = 0

    def step(self, value):
        if value % 5:
            self.guest.write("n", value)
            return True
        tx = self.guest.start()
        try:
            self.guest.write("n", value, tx)
            self.guest.write("long", "v" * 1500, tx)
            self.guest.end(tx)
            return True
        except peer.Refused as e:
            if str(e) != "EAGAIN":
                raise
            self.retries += 1
        return False


class DaemonTest(unittest.TestCase):
    """Each test has a folder and a daemon of its own."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="xs-")
        self.addCleanup(self.folder.cleanup)
        self.daemon = peer.Daemon(PROGRAM, self.folder.name)
        self.addCleanup(self.daemon.stop)

    def run_client(self, program, *args, **kwargs):
        env = dict(os.environ, XENSTORED_PATH=os.path.join(self.daemon.rundir, "socket"))
        return subprocess.run([program, *args], env={**env, **kwargs.pop("env", {})},
                              capture_output=True, timeout=peer.PATIENCE, check=False, **kwargs)

    def command(self, *args):
        return self.run_client(COMMAND, *args, text=True)

    def check_store(self, writers):
        client = self.daemon.client()
        self.assertEqual(client.words(peer.CONTROL, "check"), b"OK\n\0")
        for w in writers:
            values = set()
            tx = client.start()
            for path in w.paths:
                try:
                    values.add(int(client.read(path, tx)))
                except peer.Refused:
                    values.add(0)
            client.end(tx, "F")
            self.assertEqual(len(values), 1, f"{w.name}: half a transaction: {values}")
            value = values.pop()
            self.assertGreaterEqual(value, w.acked_then, f"{w.name} lost an acknowledged write")
            self.assertLessEqual(value, w.tried, f"{w.name}: nobody wrote this")
        client.close()


class KillTest(DaemonTest):
    """kill -9 under load loses nothing that was acknowledged."""

    def test_kill(self):
        rng = random.Random(SEED)
        self.daemon.start()
        guests = [self.daemon.guest(d) for d in (1, 2, 3)]
        writers = [SocketWriter(self.daemon, i) for i in range(3)]
        writers += [GuestWriter(g) for g in guests]
        for w in writers:
            w.start()
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.02, 0.4))
            self.daemon.kill()
            for w in writers:
                w.acked_then = w.acked
            self.daemon.start()
            self.check_store(writers)
        for w in writers:
            w.stop = True
        for w in writers:
            w.join(peer.PATIENCE)
            self.assertIsNone(w.problem, f"{w.name}: {w.problem!r}")
            self.assertGreater(w.acked, KILLS, f"{w.name} got nothing done")
            w.acked_then = w.acked
        self.check_store(writers)
        print(f"{KILLS} kills; acknowledged writes: "
              f"{', '.join(f'{w.name}: {w.acked}' for w in writers)}")

    def test_watch_of_guest(self):
        self.daemon.start()
        guest = self.daemon.guest(4)
        guest.words(peer.WATCH, "data", "tok")
        self.assertEqual(guest.message()[3], b"data\0tok\0")
        self.daemon.kill()
        self.daemon.start()
        # Once for what may have been lost, then for what changes.
        self.assertEqual(guest.message()[3], b"data\0tok\0")
        client = self.daemon.client()
        client.write("/local/domain/4/data/x", "1")
        self.assertEqual(guest.message()[3], b"data/x\0tok\0")

    def test_domain_ended_meanwhile(self):
        self.daemon.start()
        self.daemon.guest(4)
        self.daemon.kill()
        with open(os.path.join(self.daemon.sim, "gone-4"), "w", encoding="utf-8"):
            pass
        self.daemon.start()
        client = self.daemon.client()
        self.assertEqual(client.words(17, 4), b"F\0")
        self.assertRaises(peer.Refused, client.read, "/local/domain/4")

    def test_compaction(self):
        """The journal is written anew when it got long, and nothing is lost by that."""
        self.daemon.start()
        client = self.daemon.client()
        value = "v" * 3000
        for i in range(8000):
            client.write(f"/big/{i % 50}", f"{i}{value}")
        size = os.path.getsize(os.path.join(self.daemon.rundir, "state", "state"))
        self.assertLess(size, 16 << 20)
        self.daemon.kill()
        self.daemon.start()
        client = self.daemon.client()
        for i in range(50):
            self.assertEqual(client.read(f"/big/{i}"), f"{7950 + i}{value}".encode())


class DomainTest(DaemonTest):
    """Domains that end or behave badly."""

    def test_end(self):
        self.daemon.start()
        guest = self.daemon.guest(7)
        client = self.daemon.client()
        client.words(peer.WATCH, "@releaseDomain", "t")
        client.message()
        guest.write("x", "1")
        for what in ("shutdown", "gone"):
            with open(os.path.join(self.daemon.sim, f"{what}-7"), "w", encoding="utf-8"):
                pass
            guest.domid, guest.port = 0, 0
            guest.notify()
            self.assertEqual(client.message()[3], b"@releaseDomain\0t\0")
        self.assertRaises(peer.Refused, client.read, "/local/domain/7/x")

    def test_bad_guest(self):
        self.daemon.start()
        bad, good = self.daemon.guest(8), self.daemon.guest(9)
        bad.set_word(peer.REQ_PROD, 5000)
        bad.notify()
        good.write("x", "1")
        peer.wait_until(lambda: bad.word(peer.RING_ERROR) == 2)
        bad.set_word(peer.CONNECTION, 1)
        bad.notify()
        peer.wait_until(lambda: not bad.word(peer.CONNECTION))
        bad.write("x", "2")
        self.assertEqual(self.daemon.client().read("/local/domain/8/x"), b"2")

    def test_index_moved_between_daemons(self):
        """A guest that changes the daemon's index in its page, while none runs, gains nothing."""
        self.daemon.start()
        guest = self.daemon.guest(5)
        guest.write("x", "hello")
        cons = guest.word(peer.REQ_CONS)
        guest.set_word(peer.REQ_CONS, cons + 4000)
        guest.page[0:peer.RING] = b"A" * peer.RING
        guest.set_word(peer.REQ_PROD, cons + 4000 + peer.RING)
        self.daemon.kill()
        for _ in range(2):
            self.daemon.start()
            self.assertEqual(guest.word(peer.REQ_CONS), cons)
            peer.wait_until(lambda: guest.word(peer.RING_ERROR) == 2)
            for _ in range(30):
                guest.set_word(peer.REQ_PROD, guest.word(peer.REQ_CONS) + peer.RING)
                guest.notify()
            self.assertEqual(self.daemon.client().read("/local/domain/5/x"), b"hello")
            self.daemon.kill()
        self.daemon.start()

    def test_quota_is_told(self):
        """The log names domain, limit and option, and a guest cannot fill it."""
        self.daemon.start()
        guest = self.daemon.guest(7)
        for i in range(10):
            guest.start()
        for i in range(300):
            self.assertRaises(peer.Refused, guest.start)
        with open(self.daemon.log, encoding="utf-8") as log:
            lines = [line for line in log if "quota" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("domain 7 reached its quota of 10 transactions (xenstored --quota "
                      "transactions=N sets it)", lines[0])
        use = self.command("control", "quota", "7").stdout
        self.assertIn("transactions             10 of       10\n", use)
        self.assertIn("refused requests: 300\n", use)

    def test_greedy_guest(self):
        """One that always asks leaves others their turns: none waits for more than a few of its."""
        self.daemon.start()
        greedy, other = self.daemon.guest(8), self.daemon.client()
        done = []

        def ask_always():
            while not done:
                greedy.write("x", "1")

        thread = threading.Thread(target=ask_always, daemon=True)
        thread.start()
        for i in range(200):
            other.write("/other", i)
        done.append(True)
        thread.join(peer.PATIENCE)
        self.assertFalse(thread.is_alive())


class ProcessTest(DaemonTest):
    """What a person sees of the process."""

    def run_daemon(self, *args, **kwargs):
        env = dict(os.environ, XENSTORED_SIM=self.daemon.sim)
        return subprocess.run([PROGRAM, *args], env=env, capture_output=True, text=True,
                              timeout=peer.PATIENCE, check=False, **kwargs)

    def test_usage(self):
        self.assertIn("usage: xenstored", self.run_daemon("--help").stdout)
        for args in (["--nonsense"], ["word"], ["-E", "x"], ["-Q", "nodes"], ["-Q", "none=1"]):
            result = self.run_daemon(*args)
            self.assertEqual(result.returncode, 2, args)
            self.assertIn("--help", result.stderr)

    def test_background(self):
        pid_file = os.path.join(self.folder.name, "pid")
        args = ["--rundir", self.daemon.rundir, "-F", pid_file]
        result = self.run_daemon(*args)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(pid_file, encoding="utf-8") as f:
            pid = int(f.read())
        try:
            client = self.daemon.client()
            client.write("/a", "1")
            again = self.run_daemon(*args)
            self.assertEqual(again.returncode, 1)
            self.assertIn("another xenstored", again.stderr)
            again = self.run_daemon("-N", "--rundir", self.daemon.rundir)
            self.assertEqual(again.returncode, 1)
            self.assertIn("another xenstored", again.stderr)
            self.assertEqual(client.read("/a"), b"1")
        finally:
            os.kill(pid, 15)

    def test_damaged_journal(self):
        state = os.path.join(self.daemon.rundir, "state")
        os.makedirs(state)
        with open(os.path.join(state, "state"), "w", encoding="utf-8") as f:
            f.write("this is not a journal, but long enough to be one")
        result = self.run_daemon("-N", "--rundir", self.daemon.rundir)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Move it away", result.stderr)
        with open(os.path.join(state, "state"), encoding="utf-8") as f:
            self.assertIn("not a journal", f.read())

    def test_no_hypervisor(self):
        result = subprocess.run([PROGRAM, "-N", "--rundir", self.daemon.rundir],
                                capture_output=True, text=True, check=False,
                                env={k: v for k, v in os.environ.items() if k != "XENSTORED_SIM"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("--socket-only", result.stderr)

    def test_no_memory(self):
        """Changes are refused while there is no memory; the process stays, and recovers."""
        self.daemon = peer.Daemon(INSTALLED, self.folder.name, ["--socket-only"])
        self.addCleanup(self.daemon.stop)
        self.daemon.start()
        pid, client = self.daemon.process.pid, self.daemon.client()
        with open(f"/proc/{pid}/statm", encoding="utf-8") as statm:
            size = int(statm.read().split()[0]) * resource.getpagesize()
        # The journal needs address space too: room for it, and little more.
        resource.prlimit(pid, resource.RLIMIT_AS, (size + (24 << 20), -1))
        with self.assertRaises(peer.Refused) as refused:
            for i in range(20000):
                client.write(f"/fill/{i}", "x" * 4000)
        self.assertIn(str(refused.exception), ("ENOMEM", "ENOSPC"))
        for _ in range(1000):
            self.assertRaises(peer.Refused, client.write, f"/fill/{i}", "x" * 4000)
        self.assertIsNone(self.daemon.process.poll())
        resource.prlimit(pid, resource.RLIMIT_AS, (-1, -1))
        client.write(f"/fill/{i}", "after")
        self.assertEqual(client.read(f"/fill/{i - 1}"), b"x" * 4000)
        self.assertEqual(client.words(peer.CONTROL, "check"), b"OK\n\0")

    def test_full_disk(self):
        """Changes are refused, reading goes on, and what was there is there after a restart."""
        self.daemon.start()
        resource.prlimit(self.daemon.process.pid, resource.RLIMIT_FSIZE, (3 << 20, -1))
        client = self.daemon.client()
        with self.assertRaises(peer.Refused) as refused:
            for i in range(2000):
                client.write(f"/fill/{i}", "x" * 4000)
        self.assertEqual(str(refused.exception), "ENOSPC")
        self.assertEqual(client.read(f"/fill/{i - 1}"), b"x" * 4000)
        self.assertRaises(peer.Refused, client.read, f"/fill/{i}")
        for _ in range(100):
            self.assertRaises(peer.Refused, client.write, f"/fill/{i}", "x" * 4000)
        resource.prlimit(self.daemon.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        client.write("/fill/back", "1")
        with open(self.daemon.log, encoding="utf-8") as log:
            lines = [line for line in log if "journal has" in line]
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("101 changes were refused", lines[1])
        self.daemon.kill()
        self.daemon.start()
        client = self.daemon.client()
        self.assertEqual(client.read(f"/fill/{i - 1}"), b"x" * 4000)
        self.assertRaises(peer.Refused, client.read, f"/fill/{i}")
        client.write("/fill/more", "1")


class CommandTest(DaemonTest):
    """The shell command, and Debian's."""

    def test_command(self):
        self.daemon.start()
        self.assertEqual(self.command("write", "/a/b", "one", "/a/c", "two\n").returncode, 0)
        self.assertEqual(self.command("read", "/a/b", "/a/c").stdout, "one\ntwo\\n\n")
        self.assertEqual(self.command("list", "/a").stdout, "b\nc\n")
        self.assertEqual(self.command("exists", "/a/b").returncode, 0)
        self.assertEqual(self.command("exists", "/a/x").returncode, 1)
        self.assertEqual(self.command("chmod", "-r", "/a", "n0", "r3").returncode, 0)
        self.assertEqual(self.command("ls", "-fp", "/a").stdout,
                         '/a/b = "one"   (n0,r3)\n/a/c = "two\\n"   (n0,r3)\n')
        self.assertEqual(self.command("chmod", "@releaseDomain", "n0", "r3").returncode, 0)
        failed = self.command("read", "/none")
        self.assertEqual((failed.returncode, failed.stdout), (1, ""))
        self.assertIn("/none: No such file", failed.stderr)
        # All or none.
        self.assertEqual(self.command("rm", "/a/b", "/none/x").returncode, 1)
        self.assertEqual(self.command("read", "/a/b").stdout, "one\n")
        self.assertEqual(self.command("rm", "/a/b", "/a/c").returncode, 0)
        self.assertEqual(self.command("list", "/a").stdout, "")
        self.assertEqual(self.command("control", "check").stdout, "OK\n")
        for args in ([], ["nonsense"], ["read"], ["write", "/a"], ["watch", "-n", "x", "/"]):
            self.assertEqual(self.command(*args).returncode, 2, args)

    def test_watch(self):
        self.daemon.start()
        env = dict(os.environ, XENSTORED_PATH=os.path.join(self.daemon.rundir, "socket"))
        with subprocess.Popen([COMMAND, "watch", "-n", "3", "/w"], env=env, text=True,
                              stdout=subprocess.PIPE) as watch:
            client = self.daemon.client()
            peer.wait_until(lambda: b"watches                   1" in
                            client.words(peer.CONTROL, "memreport"))
            client.write("/w/a", "1")
            client.words(peer.RM, "/w/a")
            self.assertEqual(watch.stdout.read(), "/w\n/w/a\n/w/a\n")

    def test_long_list(self):
        self.daemon.start()
        client = self.daemon.client()
        names = [f"a-rather-long-name-of-a-child-{i:04}" for i in range(500)]
        for name in names:
            client.words(peer.MKDIR, f"/many/{name}")
        self.assertEqual(self.command("list", "/many").stdout.split(), names)

    def test_not_there(self):
        failed = self.command("read", "/a")
        self.assertEqual(failed.returncode, 1)
        self.assertIn("cannot connect", failed.stderr)

    def test_script_of_a_guest_agent(self):
        """What scripts of guests and of dom0 call, by the names they call."""
        self.daemon.start()
        script = """set -e
            p=/local/domain/0/data/ask
            xenstore-write $p 1
            xenstore-chmod -u $p n0 r1
            xenstore-exists $p
            xenstore-read -p $p
            xenstore-list -p /local/domain/0/data
            xenstore-ls -f -p /local/domain/0/data
            xenstore-watch -n 1 $p
            xenstore-rm -t $p
            xenstore-ls /
            xenstore-control check"""
        result = self.run_client("sh", "-c", script, text=True,
                                 env={"PATH": os.path.dirname(COMMAND) + ":/usr/bin:/bin"})
        self.assertEqual((result.stdout, result.stderr, result.returncode),
                         ("/local/domain/0/data/ask: 1\n/local/domain/0/data/ask\n"
                          '/local/domain/0/data/ask = "1"   (n0,r1)\n/local/domain/0/data/ask\n'
                          'tool = ""\n xenstored = ""\nOK\n', "", 0))

    # A name of Debian's, and words; what one prints the other must print, and exit alike.
    SAME = [
        ("write", "/a/b", "1", "/a/c/d/e", "two", "/q/r/s", ""), ("ls", "-p", "/"),
        ("ls", "-f", "-p"), ("read", "-p", "/a/b", "/a/c/d/e"), ("list", "-p", "/a", "/a/c"),
        ("list", "/"), ("exists", "/a/b", "/a/c"), ("exists", "/a/b", "/none"), ("exists",),
        ("chmod", "-u", "/a/b", "n0", "r1"), ("ls", "-fp"), ("chmod", "-r", "/a", "b0"),
        ("ls", "-p"), ("chmod", "-ur", "/a/c", "n6", "r1"), ("ls", "-p"), ("chmod", "/a", "x5"),
        ("rm", "-t", "/q/r/s"), ("write", "/v/p/q", "1", "/v/p", "held"), ("rm", "-t", "/v/p/q"),
        ("rm", "-t", "/a/c/d/e"), ("ls",), ("rm", "/none/x"), ("rm", "/a/none"),
        ("write", "/e", "q\\x41\\101\\\\\\t\\\"\\q"), ("read", "/e"), ("read", "-R", "/e"),
        ("write", "-R", "/e", "q\\x41\\n\\"), ("read", "/e"), ("ls", "/"),
        ("write", "/e", "\x01\x07\x08\x1f\x7f\xff\n\r\t"), ("read", "/e"), ("ls", "/"),
        ("read", "-p", "-R", "/e"), ("read", "/none"), ("list", "/none"), ("ls", "/none"),
        ("write", "/a"), ("watch", "-n", "1", "/a"), ("watch",), ("read",), ("rm",),
        ("ls", "/a", "/v"), ("list", "-s", "/"), ("write", "-s", "/k", "5"), ("read", "-s", "/k"),
    ] + [c for n in (45, 53, 54, 60) for c in (("write", "/w/b", "x" * n), ("ls", "-p", "/w"))]

    def test_debian_clients(self):
        cache = os.environ.get("XENOLITH_CACHE", ".cache")
        found = glob.glob(os.path.join(cache, "root/peer/usr/bin/xenstore-ls"))
        if not found:
            self.skipTest("the cache has no xenstore-utils")
        self.daemon.start()
        bin_dir = os.path.dirname(found[0])
        root = os.path.dirname(os.path.dirname(bin_dir))
        env = dict(os.environ, XENSTORED_PATH=os.path.join(self.daemon.rundir, "socket"),
                   LD_LIBRARY_PATH=os.path.join(root, "usr/lib/x86_64-linux-gnu"))

        def run(name, *args):
            return subprocess.run([os.path.join(bin_dir, "xenstore-" + name), *args], env=env,
                                  capture_output=True, text=True, check=False,
                                  timeout=peer.PATIENCE)

        other = peer.Daemon(PROGRAM, os.path.join(self.folder.name, "other"))
        self.addCleanup(other.stop)
        other.start()
        for words in self.SAME:
            words = [w.encode("latin-1") for w in words]
            theirs = self.run_client(os.path.join(bin_dir, "xenstore-" + words[0].decode()),
                                     *words[1:], env={
                                         "LD_LIBRARY_PATH": env["LD_LIBRARY_PATH"]})
            ours = self.run_client(f"{COMMAND}-{words[0].decode()}", *words[1:], env={
                "XENSTORED_PATH": os.path.join(other.rundir, "socket")})
            self.assertEqual((ours.stdout, bool(ours.returncode)),
                             (theirs.stdout, bool(theirs.returncode)), words)
        for path in ("/a", "/e", "/v", "/w", "/k"):
            run("rm", path)
        self.assertEqual(run("write", "/a/b", "1", "/a/c", "2").returncode, 0)
        self.assertEqual(run("read", "/a/b", "/a/c").stdout, "1\n2\n")
        self.assertEqual(run("chmod", "/a/b", "n0", "r5").returncode, 0)
        self.assertEqual(run("ls", "-fp", "/a").stdout,
                         '/a/b = "1"   (n0,r5)\n/a/c = "2"   (n0)\n')
        self.assertEqual(run("chmod", "@releaseDomain", "n0", "r5").returncode, 0)
        self.assertEqual(run("exists", "/a/none").returncode, 1)
        self.assertEqual(run("rm", "/a/b").returncode, 0)
        self.assertEqual(run("list", "/a").stdout, "c\n")
        names = [f"a-rather-long-name-of-a-child-{i:04}" for i in range(300)]
        client = self.daemon.client()
        for name in names:
            client.words(peer.MKDIR, f"/many/{name}")
        self.assertEqual(run("list", "/many").stdout.split(), names)


def main():
    global PROGRAM, COMMAND, INSTALLED  # pylint: disable=global-statement
    if len(sys.argv) < 4 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(sys.argv) > 1 and sys.argv[1] in ("-h", "--help") else 2
    PROGRAM, COMMAND, INSTALLED = (os.path.abspath(p) for p in sys.argv[1:4])
    program = unittest.main(argv=[sys.argv[0], *sys.argv[4:]], exit=False, verbosity=1,
                            warnings="ignore")
    result = program.result
    bad = len(result.failures) + len(result.errors)
    print(f"XENSTORED total {result.testsRun - bad - len(result.skipped)} {bad} "
          f"{len(result.skipped)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
