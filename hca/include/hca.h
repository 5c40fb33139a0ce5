/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libhca - the HCA for a process.
 *
 * Open, then send and receive without another system call. Parses as C11 and C++.
 * A handle is for one thread at a time. Errors are negative errno values.
 */
#ifndef HCA_H
#define HCA_H

#include <stddef.h>
#include <stdint.h>

#include "hca_abi.h"
#include "hca_chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/** struct hca - a context of the HCA with its five mappings; opaque. */
struct hca;

/**
 * struct hca_message - a packet as it was received
 * @payload: bytes in the eager buffer, not copied; gone after hca_release()
 * @length: bytes at @payload
 * @source: context that sent it
 * @tag: the sender's
 * @checksum: CRC-32C that the sender computed; compare with hca_crc32c()
 */
struct hca_message {
	const void *payload;
	uint32_t length;
	uint32_t source;
	uint32_t tag;
	uint32_t checksum;
};

/**
 * hca_open() - get a context and map its five kinds of memory
 * @node: device node, or NULL for HCA_DEVICE_NODE
 * @out: the handle; NULL on error
 *
 * Return: 0, or
 *	-EINVAL   @out is NULL
 *	-ENOSPC   all contexts are in use
 *	-EIO      the chip is dead
 *	-ENODEV   the device is gone
 *	-EPROTO   what the driver says about the context makes no sense
 *	-ENOMEM   no memory
 *	or what open(), ioctl() and mmap() say, for example -ENOENT or -EACCES.
 */
int hca_open(const char *node, struct hca **out);

/**
 * hca_close() - unmap everything and give the context back
 * @hca: handle, or NULL
 *
 * Packets that were sent and not yet delivered are lost: see hca_drained().
 */
void hca_close(struct hca *hca);

/** hca_context() - number of the context: what others send to. */
uint32_t hca_context(const struct hca *hca);

/** hca_info() - what the driver said about the context; valid until hca_close(). */
const struct hca_context_info *hca_info(const struct hca *hca);

/**
 * hca_send() - send a packet
 * @hca: handle
 * @dest: context to send to
 * @tag: any value; arrives with the packet
 * @payload: bytes, or NULL when @length is 0
 * @length: 0 to HCA_PAYLOAD_MAX
 *
 * Makes no system call and doesn't wait. 0 says that the packet is on its way, not that it
 * arrived: the chip refuses a bad @dest later, see hca_errors(). Packets arrive in the
 * order sent. While a receiver is full, what was sent to it waits and holds up what was
 * sent after it.
 *
 * Return: 0, or
 *	-EAGAIN    all PIO buffers are busy; try again
 *	-EMSGSIZE  @length is over HCA_PAYLOAD_MAX
 *	-EINVAL    @payload is NULL and @length is not 0
 *	-EIO       the chip is dead
 *	-ENODEV    the device is gone
 */
int hca_send(struct hca *hca, uint32_t dest, uint32_t tag, const void *payload, size_t length);

/**
 * hca_receive() - look at the next message
 * @hca: handle
 * @message: the message; unchanged on error
 *
 * Makes no system call and doesn't wait. Gives the same message until hca_release().
 * Messages that arrived before the chip died can still be received.
 *
 * Return: 0, or
 *	-EAGAIN   there is none
 *	-EBADMSG  the header queue entry makes no sense; hca_release() skips it
 *	-EIO      there is none and the chip is dead
 *	-ENODEV   there is none and the device is gone
 */
int hca_receive(struct hca *hca, struct hca_message *message);

/**
 * hca_release() - give the next message's memory back to the chip
 * @hca: handle
 *
 * Return: 0, or -EAGAIN when there is no message to release.
 */
int hca_release(struct hca *hca);

/** hca_status() - state of the chip, as the driver left it for polling processes. */
enum hca_status hca_status(const struct hca *hca);

/**
 * hca_errors() - how many of this context's packets the chip refused
 * @hca: handle
 * @last: enum hca_chip_error of the last one; may be NULL
 *
 * Return: number of packets refused since hca_open().
 */
uint32_t hca_errors(const struct hca *hca, uint32_t *last);

/**
 * hca_drained() - has the chip taken everything that was sent
 * @hca: handle
 *
 * Return: 1 when each packet was delivered or refused, 0 while one is on its way.
 */
int hca_drained(const struct hca *hca);

/**
 * hca_wait() - sleep until there is a message
 * @hca: handle
 * @timeout_ms: how long at most; negative is for ever
 *
 * Not for the data path: makes system calls. The chip has no interrupt, so it is the driver
 * that looks every few milliseconds.
 *
 * Return: 0 when there is a message, or
 *	-ETIMEDOUT  there was none in time
 *	-EINTR      a signal came
 *	-EIO        the chip is dead
 *	-ENODEV     the device is gone
 */
int hca_wait(struct hca *hca, int timeout_ms);

/** hca_crc32c() - CRC-32C (Castagnoli) of some bytes. */
uint32_t hca_crc32c(const void *data, size_t length);

#ifdef __cplusplus
}
#endif

#endif /* HCA_H */
