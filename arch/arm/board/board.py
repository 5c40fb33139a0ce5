# SPDX-License-Identifier: GPL-2.0
"""QEMU's "virt" with two Cortex-A15."""

from base.board import MIB, Board, DeviceTree, Limits, Refusal, adopts

# RAM that the board keeps from its kernel, for a driver that adopts it.
NO_MAP = 0x50000000

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
        Refusal("unmap", "no-cma", "cma=0",
                "there is no contiguous memory"),
        Refusal("unmap", "cma-in-highmem", "cma=64M@0x68000000",
                "contiguous memory (CMA) lies in highmem"),
    ),
    qemu="qemu-system-arm", machine="virt,highmem=off",
    options=("-cpu", "cortex-a15", "-smp", "2"),
    cmdline="console=ttyAMA0 vmalloc=512M cma=64M " + adopts(NO_MAP),
    ram=768 * MIB, ram_base=0x40000000,
    # With dma-coherent in it the kernel would take every device for a snooping one,
    # and no buffer would ever be flipped.
    device_tree=DeviceTree(without=("dma-coherent",), reserved=((NO_MAP, MIB),)),
    limits=Limits(goal=0.25, ceiling=0.02),
    # The stock kernel takes highmem, too, while there is contiguous memory in it.
    stock_aliases="cma=0")
