# SPDX-License-Identifier: GPL-2.0-or-later
"""Bochs as the emulator of cells: machines, the peer's PV dom0, limits, and what a result says of it."""
import gzip
import os
import unittest

import world
from lab import cells, console, errors, folder, images, machine, plan as plans
import bochs
import qemu

PLAN = world.PLAN.replace("[hypervisor]", """[machine]
emulator = "bochs"
memory = "768M"

[hypervisor]""").replace('image = "bench"', 'image = "bench"\nrole = "domain"')


class Bochs(world.World):
    """Plans with emulator = "bochs"."""

    def setUp(self):
        super().setUp()
        self.write("cache/bin/bochs", "#!/bin/sh\n")
        os.chmod(self.place("cache/bin/bochs"), 0o755)

    def expand(self, old="", new=""):
        """The cells of the plan with this change."""
        self.assertIn(old, PLAN)
        self.write("pretended/plan.toml", PLAN.replace(old, new) if old else PLAN)
        return cells.expand(plans.load(self.experiment))

    def build_cell(self, cell):
        """The machine of a cell, with pretended images, and its folder."""
        files = {}
        for name in cells.images_of([cell]):
            files[name] = self.place("image-" + name)
            self.write("image-" + name, "this is " + name)
        if "peer-dom0" in files:
            files["peer-dom0/ramdisk"] = self.place("image-peer-dom0")
        place = self.place("cell-" + cell.config["hypervisor"])
        os.mkdir(place)
        return machine.build(cell.config, files, place), place

    def test_both_sides(self):
        """Both get the same machine; only the words that Bochs needs of Xenolith are not given to Xen."""
        used = {c.factors["hypervisor"]: c for c in self.expand()}
        self.assertTrue(all(c.exact for c in used.values()))
        self.assertEqual(cells.images_of([used["xenolith"]]), ["bench", "xenolith"])
        self.assertEqual(cells.images_of([used["xen-4.17"]]), ["bench", "peer-dom0", "xen-4.17"])
        (ours, place), (theirs, peer_place) = (self.build_cell(used[side]) for side in
                                               ("xenolith", "xen-4.17"))
        self.assertEqual(ours.config(), theirs.config())
        self.assertIn("seabios/bios.bin", ours.config())
        self.assertIn("vmx_slice_us", ours.needed)
        self.assertEqual(theirs.needed, "")
        self.assertNotIn("dom0=pvh", theirs.append)
        self.assertIn("dom0_mem=544M", theirs.append)
        self.assertEqual([m.split()[0].removeprefix(place + "/") for m in ours.modules],
                         ["manifest.dtb", "bench"])
        self.assertIn("xenolith.do=xl+domains", theirs.modules[0])
        with open(os.path.join(peer_place, "peer-dom0.cpio"), "rb") as file:
            ramdisk = file.read()
        for text in (b"this is peer-dom0", b"domains/first.cfg", b'extra = "unit=instructions"',
                     b"memory = 64\n", b"this is bench"):
            self.assertIn(text, ramdisk)
        self.assertNotIn(self.root.encode(), ramdisk)

    def test_alone(self):
        """Without a peer the firmware is the one that starts several CPUs."""
        found = self.expand('"xenolith", "xen-4.17"', '"xenolith"')
        self.assertFalse(found[0].config["for_peer"])
        found = self.expand('how = ["plain"]', 'how = ["plain"]\ncpus = [1]')
        self.assertEqual({c.config["for_peer"] for c in found}, {True})

    def test_limits(self):
        """What Bochs, or the peer in it, does not have is an error."""
        for old, new, text in (
                ("memory =", 'clock = "wall"\nmemory =', "machine.clock is 'wall'"),
                ("memory =", 'machine = "q35"\nmemory =', "machine.machine is 'q35'"),
                ("memory =", 'devices = ["disk"]\nmemory =', "machine.devices is"),
                ("memory =", 'extra = ["-device", "edu"]\nmemory =', "machine.extra is"),
                ("memory =", "cpus = 2\nmemory =", "cpus is 2.* beside Debian's Xen"),
                ("timeout = 60", "timeout = 60\nseeds = [2]", "Bochs has no seed"),
                ("timeout = 60", 'timeout = 60\ncollect = ["trace"]', "no traces are read out of Bochs"),
                ('role = "domain"', "", "no PVH dom0 in Bochs"),
                ('role = "domain"', 'role = "domain"\nweight = 5', "guest.first.weight"),
                ('role = "domain"', 'role = "domain"\ncount = 2', "starts one domain")):
            with self.assertRaisesRegex(errors.LabError, text):
                self.expand(old, new)

    def test_memory_of_dom0(self):
        """Linux as the peer's dom0 has what the machine leaves it."""
        cell = [c for c in self.expand("768M", "512M") if c.config["hypervisor"] == "xen-4.17"][0]
        with self.assertRaisesRegex(errors.LabError, "needs 96 MiB more"):
            self.build_cell(cell)

    def test_named(self):
        """A run says which Bochs it was, and how it was configured."""
        path = os.path.join(qemu.cache_dir(), "root/bochs/usr/share/doc/bochs/changelog.Debian.gz")
        os.makedirs(os.path.dirname(path))
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write("bochs (9.8-7) unstable; urgency=low\n")
        found = folder.emulator("bochs")
        self.assertRegex(found["version"], r"^Bochs 9\.8-7, configuration [0-9a-f]{8}$")
        self.assertIn("sync=none", found["configuration"])

    def test_stable(self):
        """The release's own Bochs has one CPU, and Xenolith does without what it cannot leave out."""
        self.write("cache/bin/bochs-stable", "#!/bin/sh\n")
        os.chmod(self.place("cache/bin/bochs-stable"), 0o755)
        used = {c.config["hypervisor"]: c for c in self.expand('"bochs"', '"bochs-stable"')}
        ours, _ = self.build_cell(used["xenolith"])
        self.assertNotIn("exclude_features", ours.config())
        self.assertTrue(ours.argv()[-6].endswith("bin/bochs-stable"), ours.argv())
        self.write("pretended/plan.toml", PLAN.replace('"bochs"', '"bochs-stable"\ncpus = 2').replace(
            ', "xen-4.17"', ""))
        with self.assertRaisesRegex(errors.LabError, '"bochs-stable" it can be 1 only'):
            cells.expand(plans.load(self.experiment))

    def test_repeats(self):
        """With several CPUs figures may differ from run to run."""
        text = PLAN.replace(', "xen-4.17"', "").replace('memory = "768M"', 'cpus = 2')
        self.write("pretended/plan.toml", text)
        self.assertFalse(any(c.exact for c in cells.expand(plans.load(self.experiment))))

    def test_lines(self):
        """A domain of the peer's prints by a port, and Xen puts number and stamp before it."""
        found = console.bench("(d1) [000000017c45f16a] BENCH exit.cpuid 12.5 instructions rounds=4")
        self.assertEqual((found["metric"], found["value"], found["domain"], found["rounds"]),
                         ("exit.cpuid", 12.5, 1, 4))

    def test_missing(self):
        """Where it is not fetched, a message says how."""
        os.unlink(self.place("cache/bin/bochs"))
        with self.assertRaisesRegex(errors.LabError, "setup.sh --no-install --group bochs"):
            machine.emulator_path("bochs")

    def test_not_for_guests(self):
        """The peer's dom0 is not an image for guests."""
        self.assertNotIn("peer-dom0", images.bootable())
        self.assertIn("peer-dom0", images.catalogue(self.build))

    def test_firmware(self):
        """Both kinds of firmware are in the configuration by their absolute paths."""
        for peer, rom in ((False, "BIOS-bochs-latest"), (True, "seabios/bios.bin")):
            text = bochs.Machine(folder="x", kernel="k", for_peer=peer).config()
            self.assertRegex(text, f"romimage: file={os.path.abspath(qemu.cache_dir())}/root/.*{rom}")
            self.assertIn(f"ignore_bad_msrs={int(peer)}", text)


if __name__ == "__main__":
    unittest.main()
