# SPDX-License-Identifier: GPL-2.0
"""QEMU's "virt" with two Cortex-A15."""

from base.board import MIB, Board, DeviceTree, Limits, Refusal, Variant, adopts

# RAM that the board keeps from its kernel, for a driver that adopts it.
NO_MAP = 0x50000000

CMDLINE = "console=ttyAMA0 vmalloc=512M " + adopts(NO_MAP)

# With dma-coherent in it the kernel would take every device for a snooping one, and no
# buffer would ever be flipped.
TREE = {"without": ("dma-coherent",), "reserved": ((NO_MAP, MIB),)}

# As a tree may have it, which the kernel does not look at: a part in lowmem, which ends
# a little below 0x60000000. The kernel gives all of it back, and keeps its name.
STRADDLES = {"cmdline": CMDLINE, "places": (),
             "device_tree": DeviceTree(**TREE, contiguous=((0x5e000000, 64 * MIB),))}
STRADDLING = "contiguous memory (CMA) could not be activated, as where it straddles"

# 512 MiB of vmalloc space leave about 500 MiB of lowmem; the rest, with CMA in it,
# is highmem. Short descriptors reach no PCI above 4 GiB.
BOARD = Board(
    name="arm", order=2, effort=2,
    arch="arm", cross="arm-linux-gnueabihf-",
    target="zImage", image="arch/arm/boot/zImage",
    strategies=("highmem", "unmap"),
    # In lowmem, which ends a little below 0x60000000.
    places=(("unmap", "cma=64M@0x58000000"),),
    refusals=(
        Refusal("highmem", "no-cma", "cma=0",
                "there is no contiguous memory"),
        Refusal("highmem", "no-highmem", "mem=400M",
                "contiguous memory (CMA) lies in lowmem"),
        Refusal("highmem", "cma-straddles", "", STRADDLING, STRADDLES),
        Refusal("unmap", "no-cma", "cma=0",
                "there is no contiguous memory"),
        Refusal("unmap", "cma-in-highmem", "cma=64M@0x68000000",
                "contiguous memory (CMA) lies in highmem"),
        Refusal("unmap", "cma-straddles", "", STRADDLING, STRADDLES),
    ),
    qemu="qemu-system-arm", machine="virt,highmem=off",
    options=("-cpu", "cortex-a15", "-smp", "2"),
    cmdline=f"{CMDLINE} cma=64M",
    ram=768 * MIB, ram_base=0x40000000,
    device_tree=DeviceTree(**TREE),
    limits=Limits(goal=0.25, ceiling=0.02),
    # The stock kernel takes highmem, too, while there is contiguous memory in it.
    stock_aliases="cma=0",
    # Mappings and the X-ray read the page tables of processes.
    variants=(Variant("highpte", {}, ("KUnit", "short tests", "X-ray")),))
