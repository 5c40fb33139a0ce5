# SPDX-License-Identifier: GPL-2.0
"""QEMU's "pc" with two CPUs."""

from base.board import MIB, Board, Limits, Refusal, Setup, Variant, adopts

# Where the CPU claims that bytes are quick, the kernel fills and copies by bytes,
# of which QEMU makes one instruction each.
CPU = "max,-erms,-fsrm,-fsrs"

GIB = 1 << 30

# Two sockets with a CPU and half of the memory each, and room for two CPUs more. The
# chip is behind the far one, in a slot of PCI Express. Its memory it finds by physical
# address, so what translates must leave its bus out (see "intel"). QEMU's example
# device has a DMA engine; it reaches 32 bits of address.
SERVER_CPUS = ("-smp", "2,sockets=4,cores=1,threads=1,maxcpus=4",
               *(word for cpu in range(4)
                 for word in ("-numa", f"cpu,node-id={cpu % 2},socket-id={cpu}")))
SERVER_BUSES = ("-device", "pxb-pcie,id=far,bus=pcie.0,bus_nr=64,numa_node=1",
                "-device", "pcie-root-port,id=bay,bus=far,chassis=1",
                # The port tells of a chip that is pulled out, not ACPI.
                "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
                "-device", "edu,bus=pcie.0,dma_mask=0xffffffff")
NOT_THE_CHIP = ("-global", "pxb-pcie.bypass_iommu=on")

SERVER = Variant(
    config="server",
    changes={
        "machine": "q35",
        "options": ("-cpu", CPU, *SERVER_CPUS, *SERVER_BUSES),
        "ram": 6 * GIB, "nodes": (3 * GIB, 3 * GIB),
        # Of so much RAM QEMU has 2 GiB below devices and the rest above them.
        "hole": (2 * GIB, 2 * GIB),
        "slot": "bay",
        "setups": (
            Setup("pti", "pti=on"),
            Setup("intel", "intel_iommu=on", ("-device", "intel-iommu", *NOT_THE_CHIP)),
            Setup("intel-pt", "intel_iommu=on iommu=pt", ("-device", "intel-iommu")),
            Setup("amd", "", ("-device", "amd-iommu", *NOT_THE_CHIP))),
    },
    # Programs meet nodes, large leaves and memory that is far up, which no IOMMU and no
    # second page table of the kernel's changes for them: one boot of each is enough there.
    checks=("KUnit", "board tests", "X-ray", "main job", "setups"))

BOARD = Board(
    name="x86", order=1, effort=3,
    arch="x86_64", cross="x86_64-linux-gnu-",
    target="bzImage", image="arch/x86/boot/bzImage",
    strategies=("unmap",),
    refusals=(
        Refusal("unmap", "no-clflush", "clearcpuid=clflush",
                "can't flush a line from all caches"),
    ),
    qemu="qemu-system-x86_64", machine="pc",
    options=("-cpu", CPU, "-smp", "2"),
    cmdline="console=ttyS0 memmap=2M$0x10000000 " + adopts(0x10000000),
    ram=512 * MIB, ram_base=0,
    limits=Limits(goal=0.5, ceiling=0.4, map_faults=1),
    timers=("info lapic 0", "info lapic 1"),
    variants=(SERVER,))
