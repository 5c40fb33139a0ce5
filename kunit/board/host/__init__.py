# SPDX-License-Identifier: GPL-2.0
"""What needs no board: the judge, fuzzing, the benchmark, coverage."""
