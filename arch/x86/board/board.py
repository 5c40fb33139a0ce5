# SPDX-License-Identifier: GPL-2.0
"""QEMU's "pc" with two CPUs."""

from base.board import MIB, Board, Limits, Refusal, Setup, Variant, adopts

# Where the CPU claims that bytes are quick, the kernel fills and copies by bytes,
# of which QEMU makes one instruction each.
CPU = "max,-erms,-fsrm,-fsrs"

GIB = 1 << 30

# Two sockets with a CPU and half of the memory each; either CPU can be taken offline,
# but none comes to them: Linux believes that of the hypervisors it knows, not of this
# emulation (acpi_is_processor_usable()). The chip is behind the far node, in a slot of
# PCI Express. Its memory it finds by physical address, so what translates must leave
# its bus out (see "intel"). QEMU's example device has a DMA engine; here it has 32 bits.
SERVER_CPUS = ("-smp", "2,sockets=2,cores=1,threads=1",
               "-numa", "cpu,node-id=0,socket-id=0", "-numa", "cpu,node-id=1,socket-id=1")
SERVER_BUSES = ("-device", "pxb-pcie,id=far,bus=pcie.0,bus_nr=64,numa_node=1",
                "-device", "pcie-root-port,id=bay,bus=far,chassis=1",
                # The port tells of a chip that is pulled out, not ACPI.
                "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
                "-device", "edu,bus=pcie.0,dma_mask=0xffffffff")
NOT_THE_CHIP = ("-global", "pxb-pcie.bypass_iommu=on")
# Neither remaps interrupts: where a bus is left out, the kernel finds its timer dead.
INTEL_IOMMU = ("-device", "intel-iommu,intremap=off")
# Interrupts of the I/O APIC are lost behind this one in emulation (QEMU 10.0): those of
# the timer and the console. The old interrupt controllers, "noapic", don't send.
AMD_IOMMU = ("-device", "amd-iommu,intremap=off")

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
            Setup("intel", "intel_iommu=on", (*INTEL_IOMMU, *NOT_THE_CHIP)),
            Setup("intel-pt", "intel_iommu=on iommu=pt", INTEL_IOMMU),
            Setup("amd", "noapic", (*AMD_IOMMU, *NOT_THE_CHIP))),
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
