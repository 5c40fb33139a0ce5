# SPDX-License-Identifier: GPL-2.0
"""What every other room needs: places, locks, boards, counts."""
