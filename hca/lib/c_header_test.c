// SPDX-License-Identifier: GPL-2.0
/* The library's headers are for C programs too: this file compiles, with C's view of the values. */
#include "hca.h"

int hca_c_header_kinds(void);

int hca_c_header_kinds(void)
{
	_Static_assert(sizeof(struct hca_kind_info) == 32, "no holes in the interface");
	_Static_assert(sizeof(struct hca_context_info) == 64 + HCA_KINDS * 32, "no holes");
	_Static_assert(HCA_EAGER_BYTES >= HCA_PAYLOAD_MAX, "a packet fits an eager buffer");
	return HCA_KINDS;
}
