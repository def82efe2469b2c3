#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Install the toolstack into a temporary folder and see that nothing is missing.

usage: test_install.py BUILD

Every program has a man page; systemd units name what is installed; every command and option that
`xl help` names is in xl(1), and bash completes it. Debian's libxl, when the cache folder
($XENOLITH_CACHE or .cache) has it, reads the configurations that xl writes.
Prints `UNIT tools-install passed failed skipped`.
"""
import ctypes
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAN = "usr/share/man"
# What makes the programs a toolstack, and a bare file system a host.
WANTED = ["usr/sbin/xl", "usr/sbin/xenstored", "usr/sbin/xenconsoled", "usr/sbin/xenstore",
          "usr/sbin/xen-init-dom0", f"{MAN}/man8/xen-init-dom0.8",
          "usr/lib/systemd/system/xen-init-dom0.service",
          f"{MAN}/man1/xl.1", f"{MAN}/man5/xl.cfg.5", f"{MAN}/man5/xl.conf.5",
          f"{MAN}/man8/xenstored.8", f"{MAN}/man8/xenconsoled.8", f"{MAN}/man1/xenstore.1",
          "usr/lib/systemd/system/xenstored.service", "usr/lib/systemd/system/xenconsoled.service",
          "usr/lib/systemd/system/xldevd.service",
          "usr/lib/systemd/system/proc-xen.mount", "usr/lib/modules-load.d/xenolith.conf", "etc/default/xenstored",
          "etc/default/xenconsoled", "etc/xen/xl.conf",
          "usr/share/bash-completion/completions/xl"]


# A guest with something of all that a configuration may hold.
GUEST = """
name = "t1"
type = "pvh"
kernel = "/vmlinuz"
ramdisk = "/initrd"
extra = "console=hvc0"
memory = 128
maxvcpus = 2
vcpus = 1
cpus = [ "0", "0-1" ]
cpu_weight = 512
disk = [ "/tmp/disk.img,raw,xvda,rw", "/tmp/second.img,raw,xvdb,r" ]
vif = [ "mac=00:16:3e:00:00:01,bridge=xenbr0,rate=10Mb/s" ]
on_poweroff = "preserve"
on_crash = "rename-restart"
"""


class Libxl:
    """Debian's libxl, as far as it needs no hypervisor: objects to JSON and back."""

    OBJECT_BYTES = 65536    # more than any of its structures has

    def __init__(self, libraries):
        log = ctypes.CDLL(libraries["xentoollog"], mode=ctypes.RTLD_GLOBAL)
        self.lib = ctypes.CDLL(libraries["xenlight"])
        log.xtl_createlogger_stdiostream.restype = ctypes.c_void_p
        stderr = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "stderr")
        logger = ctypes.c_void_p(log.xtl_createlogger_stdiostream(stderr, 0, 0))
        # A context begins with its logger; reading and writing JSON uses nothing else of it.
        self.context = ctypes.create_string_buffer(self.OBJECT_BYTES)
        ctypes.memmove(self.context, ctypes.byref(logger), ctypes.sizeof(logger))
        self.lib.libxl_domain_config_to_json.restype = ctypes.c_char_p

    def read_and_write(self, text):
        """A configuration as libxl understood it."""
        config = ctypes.create_string_buffer(self.OBJECT_BYTES)
        self.lib.libxl_domain_config_init(config)
        if self.lib.libxl_domain_config_from_json(self.context, config, text.encode()):
            raise ValueError("libxl refuses it")
        return json.loads(self.lib.libxl_domain_config_to_json(self.context, config))


def text_of(man_page):
    """A man page's words, without its markup."""
    with open(man_page, encoding="utf-8") as f:
        text = f.read()
    text = re.sub(r'^\.\\".*$', "", text, flags=re.M)
    text = re.sub(r"\\f[BIRP]|\\(?=-)", "", text)
    return re.sub(r"\s+", " ", text.replace("\\(dq", " ").replace('"', " "))


class Installed(unittest.TestCase):
    """All tests look at one installation."""

    folder = None
    build = None

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="xenolith-install-")
        cls.folder = cls.temporary.name
        subprocess.run(["make", "-s", "--no-print-directory", "tools-install",
                        f"BUILD={cls.build}", f"DESTDIR={cls.folder}"], cwd=ROOT, check=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def files(self, folder):
        return sorted(os.listdir(self.path(folder)))

    def xl_help(self, *command):
        return subprocess.run([self.path("usr/sbin/xl"), "help", *command], check=True,
                              capture_output=True, text=True).stdout

    def commands(self):
        found = re.findall(r"^ ([a-z][a-z0-9-]*) ", self.xl_help(), re.M)
        self.assertGreater(len(found), 40)
        return found

    def complete(self, *words):
        """What bash offers for the last of the words behind xl."""
        script = ('. "$1"; shift; COMP_WORDS=(xl "$@"); COMP_CWORD=$#; _xl; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        run = subprocess.run(["bash", "-c", script, "bash",
                              self.path("usr/share/bash-completion/completions/xl"), *words],
                             capture_output=True, text=True, check=True,
                             env={**os.environ, "PATH": self.path("usr/sbin") + ":" +
                                  os.environ["PATH"]})
        return run.stdout.split()

    def test_files(self):
        for name in WANTED:
            self.assertTrue(os.path.isfile(self.path(name)), name)
            self.assertGreater(os.path.getsize(self.path(name)), 100, name)
        # Where libxl keeps what it knows; xl doctor wants it.
        self.assertTrue(os.path.isdir(self.path("var/lib/xen")))

    def test_programs_have_pages(self):
        links = [p for p in self.files("usr/sbin") if os.path.islink(self.path(f"usr/sbin/{p}"))]
        pages = [os.path.splitext(p)[0] for s in "158" for p in self.files(f"{MAN}/man{s}")]
        for program in self.files("usr/sbin"):
            self.assertTrue(os.access(self.path(f"usr/sbin/{program}"), os.X_OK), program)
            if program not in links:
                self.assertIn(program, pages)
        self.assertEqual(links, [f"xenstore-{command}" for command in (
            "chmod", "control", "exists", "list", "ls", "read", "rm", "watch", "write")])

    def test_units(self):
        for unit in self.files("usr/lib/systemd/system"):
            with open(self.path(f"usr/lib/systemd/system/{unit}"), encoding="utf-8") as f:
                text = f.read()
            for program in re.findall(r"^ExecStart=/(\S+)", text, re.M):
                self.assertTrue(os.path.isfile(self.path(program)), f"{unit}: {program}")
            for file in re.findall(r"^EnvironmentFile=-/(\S+)", text, re.M):
                self.assertTrue(os.path.isfile(self.path(file)), f"{unit}: {file}")

    def test_pages_name_all_commands(self):
        page = text_of(self.path(f"{MAN}/man1/xl.1"))
        for command in self.commands():
            self.assertTrue(re.search(rf"(?<![\w-]){command}(?![\w-])", page), command)

    def test_pages_name_all_options(self):
        page = text_of(self.path(f"{MAN}/man1/xl.1"))
        for command in self.commands():
            options = self.xl_help(command).partition("Options:")[2]
            for option in re.findall(r"^(-{1,2}[A-Za-z_-]+)|, *(--[A-Za-z_-]+)", options, re.M):
                name = option[0] or option[1]
                # Common to all: told at the page's start.
                if name in ("-h", "--help", "-d"):
                    continue
                short = re.fullmatch(r"-\w", name)
                pattern = rf"(?<![\w-])-[a-zA-Z]*{name[1]}" if short else \
                    rf"(?<![\w-]){re.escape(name)}(?![\w-])"
                self.assertTrue(re.search(pattern, page), f"{command} {name}")

    @unittest.skipIf(os.path.exists("/sys/hypervisor/type"), "a hypervisor is there")
    def test_no_hypervisor(self):
        """Away from a hypervisor there is one line, with what to do."""
        result = subprocess.run([self.path("usr/sbin/xl"), "list"], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "ctrl: error: this Linux does not run on Xenolith or Xen: boot the "
                                        "hypervisor, with this kernel as its dom0\n")

    def test_console_daemon_takes_numbers_only(self):
        for text in "abc", "-1", "1x", "", "9" * 30:
            run = subprocess.run([self.path("usr/sbin/xenconsoled"), f"--log-limit={text}"],
                                 capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 2, text)
            self.assertIn("--log-limit is a number of bytes", run.stderr)

    def test_settings_have_words(self):
        """Every setting that the configuration's reader knows is in its man page."""
        source = ""
        for name in ("parse.c", "parse-devices.c"):
            with open(os.path.join(ROOT, "tools/xl", name), encoding="utf-8") as f:
                source += f.read()
        read = set(re.findall(r'(?:string|file|number|number32|action|one_affinity|cfg_\w+)'
                              r'\(&?p(?:->cfg)?, "(\w+)"', source))
        with open(os.path.join(ROOT, "tools/xl/keys.c"), encoding="utf-8") as f:
            built = re.search(r"built\[\] = \{(.*?)\}", f.read(), re.DOTALL).group(1)
        self.assertEqual(read, set(re.findall(r'"(\w+)"', built)))
        with open(os.path.join(ROOT, "tools/xl/parse-hvm.c"), encoding="utf-8") as f:
            tables = f.read().split("bool parse_hvm_reads")[0]
        page = text_of(self.path(f"{MAN}/man5/xl.cfg.5"))
        for name in (read - {"builder"}) | set(re.findall(r'"(\w+)"', tables)):
            self.assertTrue(re.search(rf"(?<!\w){name}(?!\w)", page), name)

    def test_libxl_reads_configurations(self):
        """What xl writes for a guest means the same to libxl. (It leaves out what is a default.)"""
        root = os.path.join(os.environ.get("XENOLITH_CACHE", os.path.join(ROOT, ".cache")),
                            "root/peer/usr/lib/x86_64-linux-gnu")
        libraries = {name: glob.glob(f"{root}/lib{name}.so.*")
                     for name in ("xentoollog", "xenlight")}
        if not all(libraries.values()):
            self.skipTest("the cache has no libxl")
        config = self.path("guest.cfg")
        with open(config, "w", encoding="utf-8") as f:
            f.write(GUEST)
        ours = subprocess.run([self.path("usr/sbin/xl"), "-N", "create", config], check=True,
                              capture_output=True, text=True).stdout
        # Its own libraries are found by a path that must be set before a process begins.
        script = ("import json, sys; sys.path.insert(0, sys.argv[1]); import test_install as t; "
                  "print(json.dumps(t.Libxl(json.loads(sys.argv[2])).read_and_write(sys.argv[3])))")
        theirs = json.loads(subprocess.run(
            [sys.executable, "-c", script, os.path.dirname(os.path.abspath(__file__)),
             json.dumps({name: found[0] for name, found in libraries.items()}),
             ours[ours.index("{"):]], check=True, capture_output=True, text=True,
            env={**os.environ, "LD_LIBRARY_PATH": root}).stdout)
        ours = json.loads(ours[ours.index("{"):])
        self.assertEqual(theirs["c_info"], ours["c_info"])
        for key in ("max_vcpus", "avail_vcpus", "max_memkb", "target_memkb", "kernel", "ramdisk",
                    "cmdline", "vcpu_hard_affinity", "event_channels", "max_grant_version"):
            self.assertEqual(theirs["b_info"][key], ours["b_info"][key], key)
        self.assertEqual(theirs["b_info"]["sched_params"]["weight"], 512)
        self.assertIn("type.pvh", theirs["b_info"])
        for devices in ("disks", "nics"):
            self.assertEqual(len(theirs[devices]), len(ours[devices]))
            for there, here in zip(theirs[devices], ours[devices]):
                self.assertEqual(there, {k: v for k, v in here.items() if k in there})
        self.assertNotIn("readwrite", theirs["disks"][1])
        self.assertEqual((theirs["on_poweroff"], theirs["on_crash"]), ("preserve", "restart_rename"))

    def test_completion(self):
        offered = self.complete("")
        for command in self.commands():
            self.assertIn(command, offered)
        self.assertEqual(self.complete("sched-r"), ["sched-rtds"])
        self.assertIn("--cpus", self.complete("cpupool-list", "-"))
        self.assertIn("-v", self.complete("-"))
        self.assertTrue(self.complete("create", "/etc/pass")[0].startswith("/etc/pass"))


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    Installed.build = sys.argv[1]
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(
        Installed))
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"UNIT tools-install {result.testsRun - failed - skipped} {failed} {skipped}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
