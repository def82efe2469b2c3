# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans: what is wrong, where, and which word was meant."""
import os
import unittest
import unittest.mock

import world
from lab import cells, errors, machine, plan as plans, stats, trace


class Mistakes(world.World):
    """Each mistake gives one sentence that names file, line and remedy."""

    def complain(self, old, new, *expected):
        """The plan with this change is refused with these words."""
        self.plan(old, new)
        status, _, err = self.lab("validate", self.experiment)
        self.assertEqual(status, 2, err)
        for text in expected:
            self.assertIn(text, err)

    def test_good(self):
        """The plan itself is fine."""
        status, out, _ = self.lab("validate", self.experiment)
        self.assertEqual((status, "4 boots" in out), (0, True), out)

    def test_key(self):
        """A typo at the top and in a table."""
        self.complain("timeout = 60", "timout = 5", "plan.toml:5: timout", "did you mean 'timeout'?")
        self.complain("image = ", "imgae = ", "plan.toml:16: guest.first.imgae", "'image'")

    def test_factor(self):
        """A factor that changes nothing."""
        self.complain('how = ["plain"]', 'how = ["plain"]\ncpu_s = [1]', "factors.cpu_s",
                      "unknown factor", "did you mean 'cpus'?", "{cpu_s}")

    def test_level(self):
        """A level that does not exist, or is given twice."""
        self.complain('"xen-4.17"]', '"xen-4.71"]', "plan.toml:11: factors.hypervisor",
                      "unknown level 'xen-4.71'; did you mean 'xen-4.17'?")
        self.complain("[100, 250]", "[100, 100]", "has a level twice")

    def test_name(self):
        """A name between braces."""
        self.complain("cost={cost}", "cost={cots}", "unknown name 'cots'; did you mean 'cost'?")
        self.complain("cost={cost}", "cost={cost", "double a brace that is meant as such")

    def test_image(self):
        """An image that does not exist."""
        self.complain('"bench"', '"bnech"', "unknown image 'bnech'; did you mean 'bench'?")

    def test_conditions(self):
        """when and exclude name factors and levels."""
        self.complain("timeout = 60", "exclude = [{ cots = 100 }]", "did you mean 'cost'?")
        self.complain("timeout = 60", "exclude = [{ cost = 101 }]", "unknown level 101")
        self.complain("timeout = 60", "exclude = [{ cost = [100, 250] }]", "leaves no cell")

    def test_kinds(self):
        """A value of the wrong kind."""
        self.complain("timeout = 60", "timeout = \"long\"", "is 'long'; give a number")
        self.complain("timeout = 60", "timeout = 0", "give a number above 0")
        self.complain("timeout = 60", "success = [\"(\"]", "is not a regular expression")
        self.complain("cost = [100, 250]", "cost = 100", "give a list of levels")
        self.complain("how = ", "cpu = [1, 2]\nhow = ", "give a string, or did you mean 'cpus'?")

    def test_syntax(self):
        """No TOML at all."""
        self.complain("timeout = 60", "timeout = ", "plan.toml: ", "line 5")

    def test_peer(self):
        """What the peer cannot do."""
        self.complain("args =", "role = \"domain\"\nargs =", "Debian's Xen has no boot manifest")
        self.complain("how = ", "sched = [\"null\"]\nhow = ", "has no null scheduler")
        self.complain('"bench"', '"linux-dom0"', "say emulator = \"stable\"")

    def test_names_of_things(self):
        """Experiments, variants and runs that do not exist."""
        status, _, err = self.lab("show", "parallel-scrubs")
        self.assertEqual((status, "did you mean 'parallel-scrub'?" in err), (2, True), err)
        status, _, err = self.lab("show", self.experiment, "--variant", "shrot")
        self.assertEqual((status, "unknown variant 'shrot'" in err), (2, True), err)
        status, _, err = self.lab("report", "nothing")
        self.assertEqual((status, "unknown run 'nothing'" in err), (2, True), err)


class Arrangements(world.World):
    """Guests that begin apart."""

    PLAN = world.PLAN.replace(', "xen-4.17"]', "]\narrangement = [0, 1, 2]") \
        .replace("[100, 250]", "[100]").replace("unit={unit}", "start_us={offset}") + """
[guest.hog]
image = "bench"
role = "domain"
count = 2
args = "bench=work.spin spin=1 start_us={offset}"
background = true
"""

    def test_offsets(self):
        """Nobody waits in number 0; in others each guest has its own time, the same every time."""
        self.write("pretended/plan.toml", self.PLAN)
        def offsets():
            return [[g["args"].split("start_us=")[1] for g in c.config["guests"]]
                    for c in cells.expand(plans.load(self.experiment))]
        found = offsets()
        self.assertEqual(found[0], ["0", "0", "0"])
        self.assertEqual(len({time for boot in found[1:] for time in boot}), 6, found)
        self.assertTrue(all(0 <= int(time) < cells.MOST_OFFSET for boot in found for time in boot))
        self.assertEqual(offsets(), found)

    def test_that_changes_nothing(self):
        """A factor that no guest reads."""
        self.write("pretended/plan.toml", self.PLAN.replace("{offset}", "5"))
        status, _, err = self.lab("validate", self.experiment)
        self.assertEqual((status, "no guest's args have {offset}" in err), (2, True), err)

    def test_quantiles(self):
        """Over the boots, exact: always one of the values."""
        values = [5, 1, 9, 3]
        self.assertEqual([stats.quantile(values, q) for q in (0.01, 0.25, 0.5, 0.51, 0.9, 1)],
                         [1, 1, 3, 5, 9, 9])
        self.assertEqual(stats.quantile([7], 0.5), 7)


class Devices(world.World):
    """Devices that work in the machine's own time, and others."""

    def cell(self, machine):
        """The first cell with these values of the machine."""
        self.plan("timeout = 60", f"machine = {{ {machine} }}")
        return cells.expand(plans.load(self.experiment))[0]

    def test_exact(self):
        """What the plan's own devices promise, and what others do not."""
        for machine, exact in (('devices = ["disk", "network"]', True),
                               ('devices = ["disk"], emulator = "stable"', False),
                               ('extra = ["-device", "edu"]', True),
                               ('extra = ["-drive", "if=virtio,file=null-co://,format=raw"]', False),
                               ('extra = ["-netdev", "user,id=n"]', False)):
            self.assertEqual(self.cell(machine).exact, exact, machine)

    def test_machine(self):
        """The disk is a copy, which the guest may change; the served files are named shortly."""
        found = self.cell('devices = ["disk", "network"]')
        self.assertLessEqual({"disk-content", "served-file", "served-sums"},
                             set(cells.images_of([found])))
        for name in ("disk-content", "served-file", "served-sums"):
            self.write(name, f"this is {name}")
        given = {name: self.place(name) for name in ("disk-content", "served-file", "served-sums")}
        os.mkdir(self.place("cell"))
        words = machine.devices_of(found.config, given, self.place("cell"))
        self.assertIn("sd-card,drive=disk", words)
        self.assertNotIn(self.root, " ".join(words))
        self.assertEqual(self.read("cell/disk"), "this is disk-content")
        self.assertFalse(os.path.islink(self.place("cell/disk")))
        self.assertEqual(self.read("cell/served/data.bin"), "this is served-file")

    def test_cache(self):
        """The modelled cache is a plugin and a page, both by short names."""
        found = self.cell('devices = ["cache"]')
        self.assertTrue(found.exact)
        self.assertIn("cache-plugin", cells.images_of([found]))
        self.write("cache-plugin", "a plugin")
        os.mkdir(self.place("cell"))
        words = machine.devices_of(found.config, {"cache-plugin": self.place("cache-plugin")},
                                   self.place("cell"))
        self.assertIn("./cache.so,page=cache.page", words)
        self.assertNotIn(self.root, " ".join(words))
        self.assertEqual(self.read("cell/cache.so"), "a plugin")

    def test_unknown(self):
        """A device that does not exist."""
        self.plan("timeout = 60", 'machine = { devices = ["disc"] }')
        status, _, err = self.lab("validate", self.experiment)
        self.assertEqual((status, "unknown device 'disc'; did you mean 'disk'?" in err), (2, True), err)


class Cells(world.World):
    """A plan's cells."""

    def expand(self, old="", new="", variant=""):
        """The cells of the changed plan."""
        self.plan(old, new)
        return cells.expand(plans.load(self.experiment, variant))

    def test_repetitions(self):
        """Exact cells run once, others as often as asked, interleaved."""
        found = self.expand("timeout = 60", "repetitions = 3")
        self.assertEqual(len(found), 4)
        found = self.expand("timeout = 60", "repetitions = 3\nmachine = { clock = \"wall\" }")
        self.assertEqual([c.repetition for c in found], [0] * 4 + [1] * 4 + [2] * 4)
        self.assertIn("unit=ns", found[0].config["guests"][0]["args"])

    def test_same_machine(self):
        """Both sides of a comparison run on the same machine; the rest needs no concessions."""
        found = self.expand("timeout = 60",
                            "exclude = [{ hypervisor = \"xen-4.17\", cost = 250 }]")
        used = {(c.factors["hypervisor"], c.factors["cost"]): (c.config["extra"],
                                                               c.config["cpu"]) for c in found}
        self.assertEqual(used["xenolith", 100], used["xen-4.17", 100])
        self.assertEqual(used["xenolith", 100][0], ["-device", "intel-iommu,intremap=on"])
        self.assertEqual(used["xenolith", 250], ([], "EPYC,-monitor"))

    def test_arm(self):
        """On ARMv8 each side has images of its own, and its modules as its loader takes them."""
        found = self.expand("timeout = 60", 'machine = { arch = "arm64" }')
        used = {c.factors["hypervisor"]: c for c in found}
        names = {"xenolith": ["bench-arm64", "xenolith-arm64"],
                 "xen-4.17": ["bench-arm64-image", "xen-4.17-arm64"]}
        for side, images in names.items():
            self.assertEqual(cells.images_of([used[side]]), images)
            self.assertEqual(used[side].config["cpu"], "cortex-a57,cntfrq=1000000000")
            files = {name: self.place(name) for name in images}
            for name in images:
                self.write(name, "this is " + name)
            folder = self.place("cell-" + side)
            os.mkdir(folder)
            with unittest.mock.patch.object(machine, "emulator_path", lambda kind: kind):
                built = machine.build(used[side].config, files, folder)
            self.assertEqual(built.qemu, "arm64")
            self.assertEqual(built.machine, "virt,virtualization=on,gic-version=3")
            words = " ".join(built.extra)
            self.assertEqual("guest-loader" in words, side == "xen-4.17")
            self.assertEqual(built.modules, ["modules"] if side == "xenolith" else [])
            self.assertNotIn("console=com1", built.append)
            self.assertNotIn(self.root, words + built.append)

    def test_arm_limits(self):
        """What machines of ARMv8 do not have is an error."""
        for key, value in (("machine", "q35"), ("emulator", "stable"), ("sockets", 2),
                           ("devices", ["disk"])):
            with self.assertRaisesRegex(errors.LabError, f"machine.{key} is "):
                self.expand("timeout = 60", "machine = { arch = \"arm64\", cpus = 2, "
                            f"{key} = {value!r} }}")
        with self.assertRaisesRegex(errors.LabError, "no traces are read"):
            self.expand("timeout = 60", 'machine = { arch = "arm64" }\ncollect = ["trace"]')

    def test_variant(self):
        """A variant replaces levels, and cannot invent factors."""
        found = self.expand("", "\n[variant.short]\nfactors = { cost = [1] }\n", "short")
        self.assertEqual(len(found), 2)
        with self.assertRaisesRegex(errors.LabError, "unknown factor 'kost'"):
            self.expand("", "\n[variant.short]\nfactors = { kost = [1] }\n", "short")

    def test_when_and_count(self):
        """Guests that are there only at some levels, in copies with numbers."""
        self.write("pretended/plan.toml", world.PLAN.replace(', "xen-4.17"', "") + """
[guest.hog]
image = "bench"
role = "domain"
count = 2
args = "rounds={number}"
background = true
when = { cost = 250 }
""")
        found = cells.expand(plans.load(self.experiment))
        self.assertEqual([[g["name"] for g in c.config["guests"]] for c in found],
                         [["first"], ["first", "hog-1", "hog-2"]])
        self.assertEqual(found[1].config["guests"][2]["args"], "rounds=1")

    def test_trace(self):
        """What is recorded becomes a mask that each side understands; nonsense is refused."""
        self.assertEqual(trace.mask("sched,hvm"), 0x000af000)
        self.assertEqual(trace.mask("0x1000"), 0x1000)
        with self.assertRaisesRegex(errors.LabError, "did you mean 'sched'?"):
            trace.mask("shced")
        found = self.expand("[hypervisor]", "[hypervisor]\ntrace = \"hvm\"")
        words = {c.factors["hypervisor"]: trace.options(c.config) for c in found}
        self.assertEqual(words, {"xenolith": "tbuf_size=512 trace=0x8f000",
                                 "xen-4.17": "tbuf_size=512 tevt_mask=0x8f000"})


if __name__ == "__main__":
    unittest.main()
