# SPDX-License-Identifier: GPL-2.0-or-later
"""UEFI firmware for QEMU's ARMv8 machines, and a disk that it starts an application from."""
import os
import shutil

import qemu


# The firmware gives a device tree only without ACPI.
MACHINE = "virt,virtualization=on,gic-version=3,acpi=off"
FIRMWARE = os.path.join(qemu.cache_dir(), "root", "firmware-arm", "usr", "share", "AAVMF")


def is_there():
    """Whether setup.sh --group firmware-arm has fetched it."""
    return os.path.isfile(os.path.join(FIRMWARE, "AAVMF_CODE.fd"))


def configuration(modules, options):
    """The text of xenolith.cfg for modules (a file and its arguments each), which are m0, m1 and so on."""
    lines = ["[global]", "default=test", "[test]", f"options={options}"]
    for number, module in enumerate(modules):
        key = ("kernel", "ramdisk", "module")[min(number, 2)]
        lines.append(f"{key}=m{number} {module.partition(' ')[2]}")
    return "\n".join(lines) + "\n"


def disk(folder, application, config, files=()):
    """QEMU's options. folder: a new one, where the disk's content is put: the application, its
    xenolith.cfg with the text config, and the files, as m0, m1 and so on."""
    place = os.path.join(folder, "esp", "EFI", "BOOT")
    os.makedirs(place)
    shutil.copyfile(application, os.path.join(place, "BOOTAA64.EFI"))
    for number, path in enumerate(files):
        shutil.copyfile(path, os.path.join(place, f"m{number}"))
    with open(os.path.join(place, "xenolith.cfg"), "w", encoding="ascii") as file:
        file.write(config)
    shutil.copyfile(os.path.join(FIRMWARE, "AAVMF_VARS.fd"), os.path.join(folder, "vars"))
    return ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={FIRMWARE}/AAVMF_CODE.fd",
            "-drive", f"if=pflash,format=raw,unit=1,file={folder}/vars",
            "-drive", f"if=none,id=esp,format=raw,readonly=on,file=fat:{folder}/esp",
            "-device", "virtio-blk-pci,drive=esp,bootindex=0"]
