# SPDX-License-Identifier: GPL-2.0
"""A board that runs: QEMU and the chip beside it, console, wires, fabric."""
