# SPDX-License-Identifier: GPL-2.0
"""What one boot measured: what must hold of it, and a table."""
