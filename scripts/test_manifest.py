#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of manifest.py. Run it: it takes no arguments."""
import os
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import manifest  # pylint: disable=wrong-import-position
from manifest import Domain, Manifest, ManifestError  # pylint: disable=wrong-import-position


def decode(blob):
    """A device tree as nested dictionaries: properties are bytes, nodes are dictionaries."""
    head = struct.unpack_from(">10I", blob)
    assert head[0] == 0xd00dfeed and head[1] == len(blob) and head[5:7] == (17, 16), head
    at, end, strings = head[2], head[2] + head[9], head[3]
    assert at % 4 == 0 and head[4] % 8 == 0 and strings + head[8] == len(blob)
    assert blob[head[4]:head[4] + 16] == bytes(16)
    root, stack = None, []
    while at < end:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == 1:
            name = blob[at:blob.index(b"\0", at)].decode()
            at += len(name) // 4 * 4 + 4
            node = {}
            if stack:
                assert name not in stack[-1], name
                stack[-1][name] = node
            root = root or node
            stack.append(node)
        elif token == 2:
            stack.pop()
        elif token == 3:
            size, name_at = struct.unpack_from(">II", blob, at)
            name_at += strings
            name = blob[name_at:blob.index(b"\0", name_at)].decode()
            stack[-1][name] = blob[at + 8:at + 8 + size]
            at += 8 + (size + 3) // 4 * 4
        else:
            assert token == 9 and at == end, (token, at, end)
    assert not stack
    return root


def cell(number):
    """One cell."""
    return struct.pack(">I", number)


class TreeTest(unittest.TestCase):
    """What is written."""

    def test_full(self):
        """Every field reaches its property."""
        full = Domain("web", "k", memory="1G", cpus=2, ramdisk="r", bootargs="quiet",
                      arguments=["a", "b"], hard_affinity=["0-1", "3"], soft_affinity="0",
                      numa_node=1, weight=512, cap=50, max_grant_frames=7, max_maptrack_frames=8,
                      max_grant_version=1, max_event_port=99, privileged=True, keep=True,
                      device_tree="t")
        node = decode(Manifest([full], after=2).dtb())["chosen"]["web"]
        self.assertEqual(node, {
            "compatible": b"xen,domain\0", "memory": struct.pack(">Q", 1 << 20), "cpus": cell(2),
            "xenolith,privileged": b"", "xenolith,keep": b"", "xenolith,numa-node": cell(1),
            "xenolith,weight": cell(512), "xenolith,cap": cell(50),
            "xenolith,max-grant-frames": cell(7), "xenolith,max-maptrack-frames": cell(8),
            "xenolith,max-grant-version": cell(1), "xenolith,max-event-port": cell(99),
            "xenolith,hard-affinity": b"0-1\x003\0", "xenolith,soft-affinity": b"0\0",
            "xenolith,arguments": b"a\0b\0",
            # dom0 has modules 1 and 2, the manifest is the third.
            "kernel": {"compatible": b"multiboot,kernel\0", "module": cell(4),
                       "bootargs": b"quiet\0"},
            "ramdisk": {"compatible": b"multiboot,ramdisk\0", "module": cell(5)},
            "device-tree": {"compatible": b"multiboot,device-tree\0", "module": cell(6)}})

    def test_least(self):
        """What is not given is not written."""
        node = decode(Manifest([Domain("a", "k", memory=4096, cpus=1)]).dtb())["chosen"]["a"]
        self.assertEqual(sorted(node), ["compatible", "cpus", "kernel", "memory"])

    def test_shared_files_are_passed_once(self):
        """In the order of their first use."""
        domains = [Domain("a", "k", memory=4096, cpus=1, ramdisk="r"),
                   Domain("b", "j", memory=4096, cpus=1),
                   Domain("c", "k", memory=4096, cpus=1, ramdisk="r")]
        made = Manifest(domains)
        self.assertEqual(made.modules("m.dtb"), ["m.dtb", "k", "r", "j"])
        chosen = decode(made.dtb())["chosen"]
        self.assertEqual(chosen["c"]["kernel"]["module"], cell(2))
        self.assertEqual(chosen["c"]["ramdisk"]["module"], cell(3))
        self.assertEqual(chosen["b"]["kernel"]["module"], cell(4))

    def test_hardware_domain_needs_no_size(self):
        """It takes what is left."""
        node = decode(Manifest([Domain("dom0", "k", hardware_domain=True)]).dtb())
        self.assertEqual(node["chosen"]["dom0"]["xenolith,hardware-domain"], b"")

    def test_sizes(self):
        """With and without a letter."""
        for text, kib in (("8192k", 8192), ("256M", 262144), ("2G", 2 << 20), (4096, 4096),
                          ("4096", 4096), ("1T", 1 << 30)):
            self.assertEqual(manifest.parse_memory(text), kib)


class MistakeTest(unittest.TestCase):
    """What is refused, with which words."""

    def refused(self, expression, **change):
        """A good domain with that change."""
        fields = {"name": "a", "kernel": "k", "memory": "8M", "cpus": 2} | change
        with self.assertRaisesRegex(ManifestError, expression):
            Manifest([Domain(**fields)]).dtb()

    def test_fields(self):
        """Each field has its limits."""
        self.refused("name 'a b' may have", name="a b")
        self.refused("may have 1 to 31", name="a" * 32)
        self.refused("kernel is missing", kernel="")
        self.refused("memory is missing", memory=None)
        self.refused("cpus is missing", cpus=None)
        for bad in ("8X", "-1", "", 1.5, True, []):
            self.refused("memory is .* give a size", memory=bad)
        self.refused("memory is 512 KiB; give at least 1024", memory="512k")
        self.refused("a multiple of 4", memory=1025)
        for bad in (0, 129, "2", True):
            self.refused("cpus is .* may be 1 to 128", cpus=bad)
        self.refused("weight is 0; it may be 1 to 65535", weight=0)
        self.refused("hard_affinity has '0-'; give a list of CPUs", hard_affinity="0-")
        self.refused("has '3-1', whose range 3-1 runs backwards", hard_affinity="3-1")
        self.refused("has '0,256'; CPUs are 0 to 255", soft_affinity="0,256")
        self.refused("cap is 201; it may be 0 to 200", cap=201)
        self.refused("no machine has as much", memory="99999999999999T")
        self.refused("bootargs has a NUL character", bootargs="a\0b")
        self.refused("has 3 lists for 2 vCPUs", soft_affinity=["0", "1", "2"])
        self.refused("keep is 1; give true or false", keep=1)
        self.refused("command line has 1025 characters", bootargs="x" * 1000, arguments="y" * 24)
        self.refused("arguments is .* list of strings", arguments=[1])

    def test_manifest(self):
        """What several domains can have wrong together."""
        good = {"kernel": "k", "memory": "8M", "cpus": 1}
        for domains, text in (
                ([], "no domain; add"),
                ([Domain("a", **good), Domain("a", **good)], "domain a: the name is used twice"),
                ([Domain("a", **good), Domain("b", "j", "8M", 1, ramdisk="k")],
                 "domain b: k is a kernel"),
                ([Domain(f"d{i}", f"k{i}", "8M", 1) for i in range(32)], "33 boot modules"),
                ([Domain(f"d{i}", "k", "8M", 1) for i in range(65)], "65 domains; there may be 64"),
                ([Domain(n, "k", hardware_domain=True) for n in "ab"], "two domains say")):
            with self.assertRaisesRegex(ManifestError, text):
                Manifest(domains).dtb()


GOOD = """
[domain.one]
kernel = "k"
memory = "64M"
cpus = 1

[domain.two]
kernel = "/abs/k"
ramdisk = "sub/r"
memory = "64M"
cpus = 2
weight = 300
"""


class TomlTest(unittest.TestCase):
    """The text form."""

    def test_paths_are_relative_to_the_base(self):
        """But for absolute ones."""
        made = manifest.parse(GOOD, base="/b")
        self.assertEqual(made.files(), ["/b/k", "/abs/k", "/b/sub/r"])
        self.assertEqual([d.name for d in made.domains], ["one", "two"])
        self.assertEqual(made.domains[1].weight, 300)

    def test_errors_name_the_line(self):
        """Of the key, or of the table when the key is missing."""
        for old, new, where in (
                ("cpus = 2", "cpus = 0", r"f:11: domain two: cpus is 0"),
                ("weight", "wieght", r"f:12: domain two: unknown key 'wieght'; there are kernel,"),
                ("cpus = 2\n", "", r"f:7: domain two: cpus is missing"),
                ('kernel = "k"\n', "", r"f:2: domain one: kernel is missing"),
                ("cpus = 2", "cpus = ", r"f: .*line 11"),
                ("[domain.two]", "[dom.two]", r"f: unknown key 'dom'; there are only"),
                ("[domain.two]", "[domain.one]", r"f: .*line 7")):
            with self.assertRaisesRegex(ManifestError, where):
                manifest.parse(GOOD.replace(old, new), "f")

    def test_command(self):
        """Writes the tree and prints the modules; mistakes cost one line and status 1."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "manifest.py")
        with tempfile.TemporaryDirectory() as folder:
            toml, dtb = os.path.join(folder, "m.toml"), os.path.join(folder, "m.dtb")
            kernel = os.path.join(folder, "k")
            with open(toml, "w", encoding="utf-8") as file:
                file.write(GOOD[:GOOD.index("[domain.two]")])
            run = [sys.executable, script, toml, "-o", dtb]
            failed = subprocess.run(run, capture_output=True, text=True, check=False)
            self.assertEqual(failed.returncode, 1)
            self.assertEqual(failed.stderr, f"manifest.py: error: no such file: {kernel}\n")
            with open(kernel, "wb"):
                pass
            done = subprocess.run(run + ["--qemu"], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout, f"--module {dtb} --module {kernel}\n")
            with open(dtb, "rb") as file:
                self.assertIn("one", decode(file.read())["chosen"])


if __name__ == "__main__":
    unittest.main()
