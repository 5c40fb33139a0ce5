# SPDX-License-Identifier: GPL-2.0
"""Kernels, programs and the initramfs of a board."""
