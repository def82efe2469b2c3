#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of layers.py: each rule is broken once in a small tree, and must be reported.

Run it: it takes no arguments, and needs a C compiler.
"""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent

# A tree that keeps all rules: each folder, and what each may do at most.
GOOD = {
    "xen/include/xen/types.h": "typedef int s32;\n",
    "xen/include/xen/printk.h": "void printk(void);\n",
    "xen/include/xen/domain.h": "void domain_get(void);\n",
    "xen/include/xen/hypercall.h": "void hypercall(void);\n",
    "xen/include/xen/gnttab.h": "void gnttab(void);\n",
    "xen/include/xen/ops.h": "#define OPS_TABLE(t, f) extern int ops_##t\n",
    "xen/include/xen/hal/time.h": "#include <asm/time.h>\nlong hal_now_ns(void);\n",
    "xen/include/xen/sched/policy.h": "void sched_tickle(void);\n",
    "xen/arch/x86/include/asm/time.h": "#define HZ 100\n",
    "xen/arch/x86/time.c": "#include <xen/hal/time.h>\nlong hal_now_ns(void) { return 1; }\n",
    "xen/arch/host/libc.c": "#include <stdio.h>\nint host;\n",
    "xen/arch/x86/svm/svm.c": '#include "svm.h"\nint svm;\n',
    "xen/arch/x86/svm/svm.h": "extern int svm;\n",
    "xen/arch/x86/vmx/vmx.h": "extern int vmx;\n",
    "xen/lib/format.c": "#include <xen/types.h>\nvoid format(void);\nvoid format(void) {}\n",
    "xen/core/printk.c": "#include <xen/printk.h>\nvoid printk(void) {}\n",
    "xen/core/timer.c": "#include <xen/hal/time.h>\nvoid timer(void);\n"
                        "void timer(void) { hal_now_ns(); }\n",
    "xen/mm/pages.c": "#include <xen/domain.h>\nvoid pages(void);\n"
                      "void pages(void) { domain_get(); }\n",
    "xen/mm/p2m/fmt/npt.c": "#include <xen/printk.h>\nvoid npt(void);\n"
                            "void npt(void) { printk(); }\n",
    "xen/sched/wake.c": "#include <xen/sched/policy.h>\nvoid sched_tickle(void) {}\n",
    "xen/sched/policy/null.c": "#include <xen/sched/policy.h>\n#include <xen/ops.h>\n"
                               "struct ops {\n\tvoid (*a)(void);\n\tvoid (*b)(void);\n};\n"
                               "extern const struct ops null_ops;\n"
                               "const struct ops null_ops = {\n\tsched_tickle, sched_tickle\n};\n"
                               "OPS_TABLE(null_ops, a);\n",
    "xen/domain/domain.c": "#include <xen/domain.h>\nvoid domain_get(void) {}\n",
    "xen/domain/other.c": "#include <xen/domain.h>\nvoid other(void);\n"
                          "void other(void) { domain_get(); }\n",
    "xen/drivers/serial.c": "#include <xen/printk.h>\nvoid serial(void);\n"
                            "void serial(void) { printk(); }\n",
    "xen/guest/x86/vpic.c": "#include <xen/printk.h>\nvoid vpic(void);\n"
                            "void vpic(void) { printk(); }\n",
}


def build(root):
    """Compile all sources as the makefile does: an object and a dependency file each."""
    for source in sorted(root.rglob("*.c")):
        name = source.relative_to(root)
        obj = root / "build" / name.with_suffix(".o")
        obj.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-std=gnu11", "-w", "-fno-builtin", "-Ixen/include",
                        "-Ixen/arch/x86/include", "-MMD", "-c", "-o", obj, name],
                       cwd=root, check=True)


def findings(changes):
    """What layers.py says of the good tree with some files changed or added."""
    with tempfile.TemporaryDirectory(prefix="layers-") as folder:
        root = Path(folder)
        for name, text in {**GOOD, **changes}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        build(root)
        run = subprocess.run([sys.executable, HERE / "layers.py", "--root", root, root / "build"],
                             capture_output=True, text=True, check=False)
    lines = [line for line in run.stdout.splitlines() if not line.startswith("circles:")]
    assert run.returncode == (0 if lines == ["layers: 0 findings"] else 1), run
    return lines[:-1]


def added(name, line):
    """The good file with a line before it."""
    return {name: line + "\n" + GOOD.get(name, "")}


class Rules(unittest.TestCase):
    """Each rule of docs/design.md, kept and broken."""

    def broken(self, changes, *wanted):
        """The findings that a change makes are exactly these, by their beginnings."""
        got = findings(changes)
        self.assertEqual(len(got), len(wanted), got)
        for line, start in zip(got, sorted(wanted)):
            self.assertTrue(line.startswith(start), f"{line} does not begin with {start}")

    def test_good(self):
        """The tree as it is breaks none."""
        self.assertEqual(findings({}), [])

    def test_1_lib(self):
        """lib/ sees no upper layer's header, and calls none of its functions."""
        self.broken(added("xen/lib/format.c", "#include <xen/domain.h>"),
                    "xen/lib/format.c: rule 1: may not see xen/include/xen/domain.h")
        self.broken({"xen/lib/format.c": "void timer(void);\nvoid f(void) { timer(); }\n"},
                    "xen/lib/format.c: rule 1: may not use timer of xen/core/timer.c")

    def test_1_core(self):
        """core/ calls up through registered callbacks only."""
        self.broken(added("xen/core/timer.c", "#include <xen/domain.h>"),
                    "xen/core/timer.c: rule 1: may not see xen/include/xen/domain.h")
        self.broken({"xen/core/timer.c": "void domain_get(void);\n"
                                         "void t(void) { domain_get(); }\n"},
                    "xen/core/timer.c: rule 1: may not use domain_get of xen/domain/domain.c")

    def test_2_siblings(self):
        """Each layer's own list of siblings' headers."""
        for source, header in [("xen/mm/pages.c", "gnttab"), ("xen/sched/wake.c", "hypercall"),
                               ("xen/drivers/serial.c", "domain")]:
            self.broken(added(source, f"#include <xen/{header}.h>"),
                        f"{source}: rule 2: may not see xen/include/xen/{header}.h")

    def test_2_other_folders(self):
        """A quoted include stays in its folder."""
        self.broken(added("xen/domain/domain.c", '#include "../mm/private.h"')
                    | {"xen/mm/private.h": "\n"},
                    'xen/domain/domain.c: rule 2: "../mm/private.h" reaches into another folder')
        self.broken(added("xen/domain/domain.c", '#include "sub/private.h"')
                    | {"xen/domain/sub/private.h": "\n"},
                    'xen/domain/domain.c: rule 2: "sub/private.h" is not in the same folder')

    def test_3_pure(self):
        """Models, policies and formats see no clock, and find no current vCPU."""
        for source in ("xen/guest/x86/vpic.c", "xen/sched/policy/null.c", "xen/mm/p2m/fmt/npt.c"):
            self.broken(added(source, "#include <xen/hal/time.h>"),
                        f"{source}: rule 3: may not see xen/arch/x86/include/asm/time.h",
                        f"{source}: rule 3: may not see xen/include/xen/hal/time.h")
            self.broken({source: "long hal_now_ns(void);\nlong f(void) { return hal_now_ns(); }\n"},
                        f"{source}: rule 3: may not use hal_now_ns of xen/arch/x86/time.c")

    def test_4_asm(self):
        """Only hal/ and arch/ name <asm/...>; svm and vmx do not see each other."""
        self.broken(added("xen/domain/domain.c", "#include <asm/time.h>"),
                    "xen/domain/domain.c: rule 4: only hal/ headers and arch/ include <asm/time.h>")
        self.broken(added("xen/arch/x86/svm/svm.c", '#include "vmx.h"')
                    | {"xen/arch/x86/svm/vmx.h": "#include <vmx/vmx.h>\n",
                       "xen/include/vmx/vmx.h": "extern int vmx;\n"},
                    "xen/arch/x86/svm/svm.c: rule 4: may not see xen/include/vmx/vmx.h",
                    "xen/arch/x86/svm/vmx.h: rule 5: <vmx/vmx.h>")

    def test_4_vendors(self):
        """Code outside of the vendors' folders names none of them; comments may."""
        for source in ("xen/core/timer.c", "xen/guest/x86/vpic.c", "xen/arch/x86/hvm/hvm.c"):
            for name in ("vmcs_read", "is_svm", "SVM", "ept_flush", "p2m_fmt_npt"):
                self.broken({source: f"/* svm, vmx */\nint {name}, concept, intercepted_exits;\n"},
                            f"{source}: rule 4: {name} is a vendor's")
        self.assertEqual(findings({"xen/arch/x86/hvm/vendor.c": "int svm_ops;\n"}), [])

    def test_4_hooks(self):
        """Generic code uses nothing of an architecture but what hal/ declares, with its prefix."""
        tsc = {"xen/arch/x86/tsc.c": "long tsc(void) { return 1; }\nlong hal_tsc(void) { return 1; }\n"
                                     "long table[4];\n"}
        for name in ("tsc", "table"):
            self.broken(tsc | {"xen/domain/domain.c": f"extern char {name}[];\n"
                               f"char *f(void) {{ return {name}; }}\nvoid domain_get(void) {{}}\n"},
                        f"xen/domain/domain.c: rule 4: {name} of xen/arch/x86/tsc.c has not the "
                        "prefix of a hook, hal_")
        call = {"xen/domain/domain.c": "long hal_tsc(void);\n"
                                       "void domain_get(void) { hal_tsc(); }\n"}
        undeclared = ("xen/domain/domain.c: rule 4: hal_tsc of xen/arch/x86/tsc.c is not declared "
                      "in xen/include/xen/hal/")
        self.broken(tsc | call, undeclared)
        self.broken(tsc | call | {"xen/include/xen/hal/tsc.h": "/* long hal_tsc(void); */\n"},
                    undeclared)
        self.broken(tsc | call | {"xen/include/xen/hal/tsc.h": "long hal_tsc(void);\n"})

    def test_4_own_headers(self):
        """A header for all declares no function that only an architecture defines and uses."""
        tsc = {"xen/arch/x86/tsc.c": "long tsc(void) { return 1; }\n"}
        self.broken(tsc | {"xen/include/xen/tsc.h": "long tsc(void);\n"},
                    "xen/include/xen/tsc.h: rule 4: declares tsc of xen/arch/x86/tsc.c")
        self.broken(tsc | {"xen/arch/x86/include/asm/tsc.h": "long tsc(void);\n"})

    def test_5_libc(self):
        """libc's headers are for the host port; the compiler's own are for all."""
        self.broken(added("xen/core/printk.c", "#include <stdio.h>"),
                    "xen/core/printk.c: rule 5: <stdio.h> is libc's")
        self.broken(added("xen/core/printk.c", "#include <stdarg.h>"))

    def test_6_tables(self):
        """A table of functions is registered, so that the boot finds its empty slots."""
        text = GOOD["xen/sched/policy/null.c"].replace("OPS_TABLE(null_ops, a);\n", "")
        self.broken({"xen/sched/policy/null.c": text},
                    "xen/sched/policy/null.c: rule 6: null_ops is not registered by OPS_TABLE")

    def test_cycles(self):
        """Includes in a circle, wherever they are."""
        self.broken({"xen/domain/a.h": '#include "b.h"\n', "xen/domain/b.h": '#include "a.h"\n'},
                    "xen/domain/a.h: include cycle of xen/domain/a.h, xen/domain/b.h")
        self.broken({"xen/include/xen/a.h": "#include <xen/b.h>\n",
                     "xen/include/xen/b.h": "#include <xen/a.h>\n"},
                    "xen/include/xen/a.h: include cycle of")

    def test_circles(self):
        """Two files that call each other, where none may."""
        self.broken({"xen/domain/domain.c": "void other(void);\n"
                                            "void domain_get(void) { other(); }\n"},
                    "xen/domain/: 2 files call each other in a circle: domain.c other.c")


if __name__ == "__main__":
    unittest.main(verbosity=0)
