#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of qemu.py and bochs.py, with a shell script in place of the emulator. Run it: it takes no
arguments."""
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
import urllib.request
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bochs  # pylint: disable=wrong-import-position
import qemu  # pylint: disable=wrong-import-position

RUN = subprocess.run    # BochsTest puts something else in its place


def alive(pid):
    """Whether a process is there and not just waiting to be reaped."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid):
    """Whether it is gone soon; a killed process may take a moment to go."""
    end = time.monotonic() + 20
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


class RunTest(unittest.TestCase):
    """Each way a run can end."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = os.path.join(self.folder.name, "log")

    def fake(self, script):
        """A machine whose emulator is this shell script."""
        path = os.path.join(self.folder.name, "emulator")
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        return qemu.Machine(qemu=path)

    def run_fake(self, script, **kwargs):
        """Run the script as the emulator, with a log. A busy host may take long over it."""
        kwargs.setdefault("timeout", 80)
        return qemu.run(self.fake(script), "good", ["bad"], log=self.log, **kwargs)

    def test_success_kills_the_emulator_and_its_children(self):
        """The marker ends the run at once, and nothing is left."""
        result = self.run_fake("sleep 100 & echo $! $$; echo all good; sleep 100\n")
        self.assertEqual((result.code, result.line), (qemu.SUCCESS, "all good"))
        self.assertLess(result.seconds, 80)
        for pid in result.lines[0].split():
            self.assertTrue(ends(pid), "a process was left behind")

    def test_failure_wins_on_the_same_line(self):
        """A line with both expressions is a failure."""
        self.assertEqual(self.run_fake("echo good bad; sleep 100\n").code, qemu.FAILURE)

    def test_success_by_a_function(self):
        """Who waits for several lines gives a function."""
        seen = []
        result = qemu.run(self.fake("echo one; echo two; echo three; sleep 100\n"),
                          lambda line: seen.append(line) or len(seen) == 2, timeout=80)
        self.assertEqual((result.code, result.line), (qemu.SUCCESS, "two"))

    def test_folder(self):
        """The emulator runs where the machine says, and files are looked for there."""
        machine = self.fake("pwd; echo good; sleep 100\n")
        machine.folder = self.folder.name
        machine.modules = ["emulator with words"]
        self.assertEqual(qemu.run(machine, "good", timeout=80).lines[0],
                         os.path.realpath(self.folder.name))

    def test_failure_while_lingering(self):
        """A failure after success, before the emulator ended, is not forgiven silently."""
        result = self.run_fake("echo good; sleep 0.3; echo bad; sleep 100\n", linger=60)
        self.assertEqual(result.code, qemu.FAILURE)

    def test_lingering_ends_with_the_emulator(self):
        """After success the emulator may end by itself; its status is told."""
        result = self.run_fake("echo good; sleep 0.2; exit 3\n", linger=60)
        self.assertEqual((result.code, result.status), (qemu.SUCCESS, 3))
        self.assertLess(result.seconds, 60)

    def test_a_failure_is_reported_whole(self):
        """The emulator may go on to the end of the report, and no longer."""
        result = self.run_fake("echo bad; sleep 0.3; echo more; echo end.; sleep 100\n", report="^end")
        self.assertEqual((result.code, result.line, result.lines),
                         (qemu.FAILURE, "bad", ["bad", "more", "end."]))
        self.assertLess(result.seconds, 60)
        with mock.patch.object(qemu, "REPORT_SECONDS", 1):
            result = self.run_fake("echo bad; echo more; sleep 100\n", report="^end")
        self.assertEqual((result.code, result.lines), (qemu.FAILURE, ["bad", "more"]))

    def test_timeout(self):
        """No line decides."""
        result = self.run_fake("echo hello; sleep 100\n", timeout=3)
        self.assertEqual((result.code, result.lines), (qemu.TIMEOUT, ["hello"]))

    def test_death(self):
        """The emulator ends early; what it said on its error output is kept."""
        result = self.run_fake("echo no such device >&2; exit 1\n")
        self.assertEqual((result.code, result.status), (qemu.DIED, 1))
        self.assertIn("no such device", result.errors)

    def test_unfinished_last_line_counts(self):
        """The marker need not be followed by a newline when the emulator ends."""
        self.assertEqual(self.run_fake("printf good\n").code, qemu.SUCCESS)

    def test_log_has_the_bytes_as_they_came(self):
        """Carriage returns and bytes that are not text stay in the log."""
        self.run_fake(r"printf 'a\r\n\377\0b\r\ngood\n'; sleep 100" + "\n")
        with open(self.log, "rb") as file:
            self.assertEqual(file.read(), b"a\r\n\xff\0b\r\ngood\n")

    def test_log_ends_with_success(self):
        """How much more comes before the emulator is ended is the host's affair."""
        result = self.run_fake("printf 'a\ngood\nb\nc'; sleep 100\n")
        self.assertEqual(result.lines, ["a", "good"])
        with open(self.log, "rb") as file:
            self.assertEqual(file.read(), b"a\ngood\n")

    def test_on_end_finds_the_emulator_alive(self):
        """What is to be read out of the emulator can still be read, however the run ended."""
        for script, code in (("echo $$; echo good; sleep 100\n", qemu.SUCCESS),
                             ("echo $$; echo bad; sleep 100\n", qemu.FAILURE),
                             ("echo $$; sleep 100\n", qemu.TIMEOUT)):
            seen = []
            pids = []
            result = self.run_fake(script, timeout=3 if code == qemu.TIMEOUT else 80,
                                   on_line=pids.append,
                                   on_end=lambda seen=seen, pids=pids: seen.append(alive(pids[0])))
            self.assertEqual((result.code, seen), (code, [True]))

    def test_on_end_is_not_called_without_an_emulator(self):
        """There is nothing left to read."""
        seen = []
        self.run_fake("echo good\n", linger=60, on_end=lambda: seen.append(1))
        self.assertEqual(seen, [])

    def test_killed_parent_takes_the_emulator_along(self):
        """Even a parent that cannot clean up leaves no emulator."""
        machine = self.fake("echo $$; sleep 100\n")
        command = [sys.executable, qemu.__file__, "--kernel", machine.qemu, "--qemu", machine.qemu]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            pid = parent.stdout.readline().split()[1]
            parent.kill()
        self.assertTrue(ends(pid), "the emulator outlived its parent")


class MachineTest(unittest.TestCase):
    """The emulator's command line."""

    def test_commas_of_modules_are_doubled(self):
        """QEMU splits -initrd at single commas."""
        argv = qemu.Machine(qemu="q", kernel="x", modules=["vmlinux a=1,2", "initrd"]).argv()
        self.assertEqual(argv[argv.index("-initrd") + 1], "vmlinux a=1,,2,initrd")

    def test_icount_is_off_unless_asked_for(self):
        """A deterministic clock hides parallel speed-up."""
        self.assertNotIn("-icount", qemu.Machine(qemu="q").argv())
        self.assertIn("shift=0,sleep=off", qemu.Machine(qemu="q", icount=True).argv())

    def test_cpus_share_a_thread(self):
        """QEMU's SVM is not safe with several."""
        for smp, threads in ("1", ""), ("cpus=2,sockets=2", ",thread=single"), ("4", ",thread=single"):
            argv = qemu.Machine(qemu="q", smp=smp).argv()
            self.assertEqual(argv[argv.index("-accel") + 1], "tcg" + threads, smp)

    def test_qmp_socket(self):
        """Only when asked for; commas doubled, as in every option."""
        self.assertNotIn("-qmp", qemu.Machine(qemu="q").argv())
        argv = qemu.Machine(qemu="q", qmp="/a,b").argv()
        self.assertEqual(argv[argv.index("-qmp") + 1], "unix:/a,,b,server=on,wait=off")

    def test_missing_file_is_named(self):
        """Before the emulator is started."""
        with self.assertRaisesRegex(FileNotFoundError, "/no/such"):
            qemu.Machine(qemu="q", modules=["/no/such x=1"]).check()


class SharedCacheTest(unittest.TestCase):
    """Two checkouts with one cache folder: each boots what it built itself."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        here = os.path.dirname(os.path.abspath(__file__))
        for name in ("one", "two"):
            for part in ("scripts", "tools/dom0-selftest"):
                shutil.copytree(os.path.join(os.path.dirname(here), part),
                                os.path.join(self.root, name, part))
        self.write("cache/root/peer/bin/busybox", "#!/bin/sh\n")
        os.chmod(os.path.join(self.root, "cache/root/peer/bin/busybox"), 0o755)
        self.write("cache/root/peer.stamp", "made up\n")

    def write(self, name, text):
        """A file in the world."""
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def script(self, checkout, *words, cache="cache"):
        """Run a script of a checkout; the finished process."""
        path = os.path.join(self.root, checkout, "scripts", words[0])
        return subprocess.run([path, *words[1:]], capture_output=True, text=True, check=False,
                              timeout=120,
                              env=os.environ | {"XENOLITH_CACHE": os.path.join(self.root, cache)})

    def image(self, checkout, cache="cache"):
        """The bytes behind a checkout's name of the guest's initramfs, and where they are."""
        folder = self.script(checkout, "qemu.py", "--images", cache=cache).stdout.strip()
        path = os.path.realpath(os.path.join(folder, "guest-initramfs.cpio.gz"))
        with open(path, "rb") as file:
            return file.read(), path

    def build(self, checkout, cache="cache"):
        """Build the guest's initramfs."""
        done = self.script(checkout, "image/mkinitramfs.sh", "guest", cache=cache)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_each_has_its_own_names(self):
        """Another checkout's newer image changes nothing here."""
        self.build("one")
        before = self.image("one")
        self.write("two/scripts/image/guest/init", "#!/bin/sh\n# another init\n")
        self.build("two")
        self.assertEqual(self.image("one"), before)
        self.assertNotEqual(self.image("two")[0], before[0])

    def test_the_same_image_is_kept_once(self):
        """Files are named by what they are made of."""
        self.build("one")
        self.build("two")
        self.assertEqual(self.image("one")[1], self.image("two")[1])

    def test_own_cache(self):
        """A cache inside the checkout has the names itself."""
        shutil.copytree(os.path.join(self.root, "cache"), os.path.join(self.root, "one/.cache"))
        self.build("one", cache="one/.cache")
        folder = self.script("one", "qemu.py", "--images", cache="one/.cache").stdout.strip()
        self.assertEqual(folder, os.path.join(self.root, "one/.cache/img"))
        self.assertTrue(self.image("one", cache="one/.cache")[1].startswith(folder))

    def test_packages_are_not_replaced_under_another(self):
        """A list that differs is refused, before anything is removed."""
        self.write("cache/root/stress.stamp", "another list\n")
        self.write("cache/root/stress/program", "in use")
        done = self.script("two", "setup.sh", "--no-install", "--group", "stress")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("by another checkout's list of packages", done.stderr)
        self.assertTrue(os.path.exists(os.path.join(self.root, "cache/root/stress/program")))

    def test_an_own_cache_follows_the_list(self):
        """A changed list is fetched again. An apt that can read no lists shows that it is asked."""
        self.write("bin/apt-get", "#!/bin/sh\n"
                   "case \"$*\" in *--print-uris*) echo \"'http://m/dists/bookworm/InRelease' x\" ;;\n"
                   "*) exit 100 ;; esac\n")
        os.chmod(os.path.join(self.root, "bin/apt-get"), 0o755)
        self.write("two/.cache/root/emulator.stamp", "an older list\n")
        path = os.path.join(self.root, "bin") + os.pathsep + os.environ["PATH"]
        with unittest.mock.patch.dict(os.environ, {"PATH": path}):
            for words in ([], ["--no-images"], ["--group", "emulator"]):
                done = self.script("two", "setup.sh", "--no-install", *words, cache="two/.cache")
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("the package lists could not be read", done.stderr)

    def test_options_need_their_value(self):
        """The option at the end of the line is named."""
        for option in ("--group", "--also"):
            done = self.script("two", "setup.sh", "--no-install", option)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{option} needs the name of a group", done.stderr)

    def test_a_group_that_there_is_not(self):
        """Is not taken for one without packages."""
        done = self.script("two", "setup.sh", "--no-fetch", "--no-install", "--also", "browsre")
        self.assertEqual((done.returncode, "no group browsre" in done.stderr), (1, True), done.stderr)


class ServeTest(unittest.TestCase):
    """The file server."""

    def test_serves_the_folder(self):
        """This file, by HTTP."""
        with qemu.serve(os.path.dirname(os.path.abspath(__file__))) as port:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/test_qemu.py") as reply:
                self.assertIn(b"class ServeTest", reply.read())


class BochsTest(unittest.TestCase):
    """The other emulator, by the same run()."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for patch in (mock.patch.dict(os.environ, XENOLITH_CACHE=self.folder.name),
                      mock.patch.object(bochs, "alone", lambda: []),
                      mock.patch.object(bochs.subprocess, "run", self.make_image)):
            patch.start()
            self.addCleanup(patch.stop)
        self.made = []

    def make_image(self, argv, **_):
        """In place of mkgrub.sh and the compiler."""
        self.made.append(argv)

    def machine(self):
        """One that boots this file as if it were a hypervisor."""
        return bochs.Machine(self.folder.name, __file__, "a=b", modules=[f"{__file__} c d"], smp="2",
                             mem="96M", slice_us=70)

    def install(self, script):
        """Put a shell script where the fetched emulator would be."""
        os.mkdir(os.path.join(self.folder.name, "bin"))
        path = os.path.join(self.folder.name, "bin", "bochs")
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)

    def test_absent(self):
        """Without the emulator nothing is made, and the reason is said."""
        self.assertFalse(bochs.is_there())
        with self.assertRaisesRegex(FileNotFoundError, "--group bochs"):
            self.machine().check()
        self.assertEqual(self.made, [])

    def test_words(self):
        """One CPU needs fewer words, and the peer takes none of them."""
        self.install("exit 0\n")
        for changes, words in (({"smp": "1"}, "vmx_slice_us=70 sync_console vmx_apic=virtual a=b"),
                               ({"needed": ""}, "a=b")):
            dataclasses.replace(self.machine(), **changes).check()
            self.assertIn(words, self.made[-1])

    def test_run(self):
        """The image has the arguments and modules, the configuration the rest; then it runs."""
        self.install('shift 2; cat "$1"; echo good; sleep 100\n')
        self.assertTrue(bochs.is_there())
        result = qemu.run(self.machine(), "good", timeout=80)
        self.assertEqual(result.code, qemu.SUCCESS)
        config = "\n".join(result.lines)
        self.assertIn("megs: 96\n", config)
        self.assertRegex(config, r"cpu: model=\w+, count=2,")
        self.assertIn('path="boot.iso"', config)
        self.assertIn("vmx_slice_us=70 sync_console vmx_apic=virtual vmx_catch_faults a=b",
                      self.made[-1])
        self.assertIn(f"{__file__} c d", self.made[-1])

    def test_clock(self):
        """The emulator runs with the clock that was compiled for it, which stands still."""
        self.install("exit 0\n")
        self.machine().check()
        self.assertIn("LD_PRELOAD=./clock.so", self.machine().argv())
        RUN(self.made[0], check=True)
        env = os.environ | {"LD_PRELOAD": bochs.CLOCK_LIBRARY}
        shown = RUN([sys.executable, "-c", "import ctypes; print(ctypes.CDLL(None).time(None))"],
                    env=env, cwd=self.folder.name, stdout=subprocess.PIPE, check=True)
        self.assertEqual(shown.stdout, b"1704067200\n")


if __name__ == "__main__":
    unittest.main()
