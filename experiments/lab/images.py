# SPDX-License-Identifier: GPL-2.0-or-later
"""What a plan can boot: names, files, and the make target that builds each."""
import dataclasses
import os

from lab import REPO, errors
import qemu

# What a plan's devices need: {device: images}.
DEVICES = {"disk": ["disk-content"], "network": ["served-file", "served-sums"],
           "cache": ["cache-plugin"]}
MICROGUESTS = os.path.join(REPO, "xen", "test", "guest")


@dataclasses.dataclass(frozen=True)
class Image:
    """A file to boot. ramdisk: the name of the image that goes with it, or ""."""

    name: str
    path: str
    target: str
    ramdisk: str = ""


def _microguests():
    if not os.path.isdir(MICROGUESTS):
        return []
    return sorted(n for n in os.listdir(MICROGUESTS)
                  if os.path.isfile(os.path.join(MICROGUESTS, n, "main.c")))


def catalogue(build):
    """All images by name, whether built or not."""
    cached = qemu.image_dir()
    found = [
        Image("xenolith", os.path.join(build, "x86_64", "xenolith"), "x86_64"),
        Image("xen-4.17", os.path.join(cached, "xen-4.17"), "setup"),
        Image("peer-dom0", os.path.join(cached, "vmlinux-amd64"), "setup", "dom0-xl-initramfs"),
        Image("schedsim", os.path.join(build, "schedsim", "schedsim"), "schedsim"),
        Image("bench", os.path.join(build, "bench", "bench.elf"), "bench-guests"),
        Image("xenolith-arm64", os.path.join(build, "arm64", "xenolith"), "arm64"),
        Image("xen-4.17-arm64", os.path.join(qemu.cache_dir(), "root", "peer-arm64", "boot",
                                             "xen-4.17-arm64"), "setup-arm64"),
        Image("bench-arm64", os.path.join(build, "bench", "arm64", "bench.elf"),
              "bench-guests-arm64"),
        Image("bench-arm64-image", os.path.join(build, "bench", "arm64", "bench.image"),
              "bench-guests-arm64"),
        Image("linux-dom0", os.path.join(cached, "vmlinux-amd64"), "setup", "dom0-initramfs"),
        Image("linux-load", os.path.join(cached, "vmlinux-amd64"), "setup", "dom0-load-initramfs"),
        Image("linux-guest", os.path.join(cached, "vmlinux-cloud"), "setup", "guest-initramfs"),
    ]
    found += [Image(name, os.path.join(cached, name + ".cpio.gz"), "setup")
              for name in ("dom0-initramfs", "dom0-load-initramfs", "dom0-xl-initramfs",
                           "guest-initramfs")]
    found += [Image("cache-plugin", os.path.join(build, "plugins", "cache.so"), "plugins")]
    found += [Image("disk-content", os.path.join(cached, "data.ext4"), "setup"),
              Image("served-file", os.path.join(cached, "data", "data.bin"), "setup"),
              Image("served-sums", os.path.join(cached, "data", "SHA256SUMS"), "setup")]
    found += [Image("microguest:" + name, os.path.join(build, "guest", name + ".elf"), "guests")
              for name in _microguests()]
    return {image.name: image for image in found}


def of(config, name):
    """The image of this name that a cell boots: on ARMv8 another, and the peer there loads no ELF."""
    if config.get("arch") != "arm64":
        return name
    form = "-image" if config["hypervisor"] == "xen-4.17" and name != "xen-4.17" else ""
    return f"{name}-arm64{form}"


def bootable():
    """The names that a guest's image = "..." may have."""
    others = ["xenolith", "xen-4.17", "peer-dom0", "schedsim",
              *(name for names in DEVICES.values() for name in names)]
    return [name for name in catalogue("build")
            if not name.endswith("-initramfs") and "arm64" not in name and name not in others]


def need(names, build):
    """The images of these names; LabError naming the make target for one that is not built."""
    have = catalogue(build)
    for name in names:
        if name not in have:
            raise errors.LabError(errors.unknown("image", name, have))
        if not os.path.isfile(have[name].path):
            raise errors.LabError(f"image {name!r} is not built: there is no {have[name].path}; "
                                  f"run: make {have[name].target}")
    return {name: have[name] for name in names}


def targets(names, build):
    """The make targets that build these images."""
    have = catalogue(build)
    return sorted({have[name].target for name in names})
