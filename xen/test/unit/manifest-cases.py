# SPDX-License-Identifier: GPL-2.0-or-later
"""Descriptions of domains for test-manifest-script.c: for each a line "VERDICT BYTES NAME", where
VERDICT is what scripts/manifest.py says (accepted or refused), then the tree's bytes, which are
made whatever the verdict.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts"))
from manifest import NUMBERS, Domain, Manifest, ManifestError  # noqa: E402

LISTS = ("0", "0-1,4", "255", "256", "3-1", "0-", "-1", "0,,1", "0,", "", " 0", "0 ", "1-1", "0x1",
         "0-255", "0-256", "5-4,6", "99999999999999999999", "\u0663", "all", "0-1-2", "+1")
# max_grant_frames of 64 modules and so on: machine limits are those that the test sets.
NAMES = ("a", "a" * 31, "a" * 32, "", "a b", "a.b-c_d+e@f", "a,b", "a\u00e9")
TEXTS = ("", "x", "x" * 1023, "x" * 1024, "\u00e9" * 511, "\u00e9" * 512)
ARGUMENTS = ([], ["a", "b"], [""], ["x" * 1023], ["", "x" * 1023], ["x" * 511, "y" * 511],
             ["x" * 511, "y" * 512], ["a b"])


def cases():
    """(name, domains)"""
    good = {"kernel": "k", "memory": "8M", "cpus": 2}

    def one(what, value, **more):
        return f"{what}={value!r:.40}", [Domain(**({"name": "d"} | good | more | {what: value}))]

    for what, (_, low, high) in NUMBERS.items():
        for value in {0, low, high, high + 1, max(low - 1, 0)}:
            yield one(what, value)
    for cpus in (1, 2, 128):
        for cap in (0, 100 * cpus, 100 * cpus + 1, 150):
            yield one("cap", cap, cpus=cpus)
    for what in ("hard_affinity", "soft_affinity"):
        for text in LISTS:
            yield one(what, text)
            yield one(what, ["0", text])
        yield one(what, ["0", "1", "2"])
    for value in (1, 128, 129, 0):
        yield one("cpus", value)
    for value in ("1M", "1020k", "1023k", 1028, 1029, 0, "1G"):
        yield one("memory", value)
    for value in NAMES:
        yield one("name", value)
    for value in TEXTS:
        yield one("bootargs", value)
    for value in ARGUMENTS:
        yield one("arguments", value)
        yield one("arguments", value, bootargs="b")
    for missing in ("memory", "cpus"):
        yield one(missing, None)
        yield one(missing, None, hardware_domain=True)
    yield one("cap", 12800, cpus=None, hardware_domain=True)
    yield one("hard_affinity", ["0", "1"], cpus=None, hardware_domain=True)
    yield one("ramdisk", "k")
    yield one("ramdisk", "r")
    yield one("device_tree", "t")
    yield one("device_tree", "k")
    yield one("device_tree", "t", hardware_domain=True)
    for second in ({"kernel": "t"}, {"ramdisk": "t"}, {"device_tree": "t"}, {"device_tree": "u"},
                   {"device_tree": "k"}):
        yield f"two, {second}", [Domain("a", **good, device_tree="t"),
                                 Domain("b", **(good | second))]
    for second in ({"kernel": "r"}, {"ramdisk": "k"}, {"ramdisk": "r"}, {"kernel": "j"}):
        yield f"two, {second}", [Domain("a", **good, ramdisk="r"), Domain("b", **(good | second))]
    yield "twice", [Domain("a", **good), Domain("a", **good)]
    yield "two hardware domains", [Domain(n, "k", hardware_domain=True) for n in "ab"]


def main():
    """Write all cases to standard output."""
    out = sys.stdout.buffer
    for name, domains in cases():
        manifest = Manifest(domains)
        try:
            manifest.check()
            verdict = "accepted"
        except ManifestError:
            verdict = "refused"
        blob = manifest.tree()
        out.write(f"{verdict} {len(blob)} {ascii(name)}\n".encode() + blob)


if __name__ == "__main__":
    main()
