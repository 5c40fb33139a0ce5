/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The library's data path in the kernel: the same source that processes link, on
 * memory of a test instead of five mappings. Parses as C11 and as C++.
 */
#ifndef HCA_PACKET_STEPS_H
#define HCA_PACKET_STEPS_H

#if defined(__cplusplus)
#include <cstdint>
extern "C" {
#else
#include <linux/types.h>
#endif

#include "../../include/hca_chip.h"

#define PACKET_EAGER	5u	/* buffers */
#define PACKET_ENTRIES	8u	/* of the header queue */

/* Memory that chip and process share. */
struct packet_memory {
	uint8_t registers[HCA_PAGE_BYTES];
	uint8_t pio[HCA_PIO_CONTEXT_BYTES];
	uint8_t eager[PACKET_EAGER * HCA_EAGER_BYTES];
	uint8_t headers[PACKET_ENTRIES * HCA_HDR_BYTES];
	uint8_t avail[HCA_PAGE_BYTES];
};

struct packet_path;

/* A message as it was received. */
struct packet_message {
	const uint8_t *payload;
	uint32_t length;
	uint32_t source;
	uint32_t tag;
	uint32_t checksum;
};

extern const unsigned int packet_path_bytes;

/* Makes a path in @path, which has packet_path_bytes, with @first entries consumed. */
void packet_path_make(struct packet_path *path, struct packet_memory *memory, uint32_t first);

/* hca_send(), hca_receive(), hca_release(): 0 or a negative errno value. */
int packet_send(struct packet_path *path, uint32_t dest, uint32_t tag, const void *payload,
		unsigned int length);
int packet_receive(const struct packet_path *path, struct packet_message *message);
int packet_release(struct packet_path *path);

uint32_t packet_crc32c(const void *data, unsigned int length);

#ifdef __cplusplus
}
#endif

#endif /* HCA_PACKET_STEPS_H */
