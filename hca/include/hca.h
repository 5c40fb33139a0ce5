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
 * @payload: bytes in the eager buffer, aligned to 32, not copied; gone after
 *	hca_release()
 * @length: bytes at @payload
 * @source: address of the sending context, as hca_send() takes it
 * @tag: the tag that the sender gave to hca_send()
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
 *	-EPROTO   the driver's information about the context makes no sense
 *	-ENOMEM   no memory
 *	or an error of open(), ioctl() or mmap(), for example -ENOENT or -EACCES.
 */
int hca_open(const char *node, struct hca **out);

/**
 * struct hca_options - which context to open; all 0 is the choice of hca_open()
 * @flags: HCA_OPEN_NUMBER to get the context @context, and no other; or 0
 * @context: number of the context: part of an address that others know beforehand
 * @partition: HCA_PARTITION_OWN, or the key of a partition that is open
 * @reserved: 0
 */
struct hca_options {
	uint32_t flags;
	uint32_t context;
	uint32_t partition;
	uint32_t reserved[5];
};

/**
 * hca_open_with() - hca_open() of a certain context
 * @node: device node, or NULL for HCA_DEVICE_NODE
 * @options: number and partition of the context
 * @out: the handle; NULL on error
 *
 * Return: as hca_open(), and
 *	-EINVAL      unknown flags, no such context, a reserved word that is set
 *	-EADDRINUSE  the context is in use
 *	-EACCES      the partition is not open to this user
 */
int hca_open_with(const char *node, const struct hca_options *options, struct hca **out);

/**
 * hca_close() - unmap everything and give the context back
 * @hca: handle, or NULL
 *
 * Packets that were sent and not yet delivered are lost: see hca_drained().
 */
void hca_close(struct hca *hca);

/** hca_context() - number of the context on its board. */
uint32_t hca_context(const struct hca *hca);

/** hca_address() - address of the context on the fabric, as others send to it. */
uint32_t hca_address(const struct hca *hca);

/** hca_link() - whether the cable is in, as the chip tells polling processes. */
enum hca_link hca_link(const struct hca *hca);

/** hca_peers() - the other boards on the fabric: bit n is node n. */
uint32_t hca_peers(const struct hca *hca);

/** hca_info() - the driver's information about the context; valid until hca_close(). */
const struct hca_context_info *hca_info(const struct hca *hca);

/**
 * hca_send() - send a packet
 * @hca: handle
 * @dest: address of the receiver: its hca_address(), or HCA_ADDRESS(node, context)
 * @tag: any value; arrives with the packet
 * @payload: bytes, or NULL when @length is 0
 * @length: 0 to HCA_PAYLOAD_MAX
 *
 * Makes no system call and doesn't wait. 0 says that the packet is on its way, not that it
 * arrived: the chip refuses a bad @dest later, see hca_errors(). Packets arrive in the
 * order sent. While a receiver is full, a packet to it waits, and holds up all packets that
 * were sent through this handle after it.
 *
 * Return: 0, or
 *	-EAGAIN    all PIO buffers are busy; try again
 *	-EMSGSIZE  @length is over HCA_PAYLOAD_MAX
 *	-EINVAL    @payload is NULL and @length is not 0
 *	-EIO       the chip is dead
 *	-ECONNRESET  the chip was reset: close, and open another context
 *	-ENODEV    the device is gone
 */
int hca_send(struct hca *hca, uint32_t dest, uint32_t tag, const void *payload, size_t length);

/**
 * hca_receive() - look at the next message
 * @hca: handle
 * @message: the message; unchanged on error
 *
 * Makes no system call and doesn't wait. Returns the same message until hca_release().
 * Messages that arrived before the chip died can still be received.
 *
 * Return: 0, or
 *	-EAGAIN   there is none
 *	-EBADMSG  the header queue entry makes no sense; hca_release() skips it
 *	-EIO      there is none and the chip is dead
 *	-ECONNRESET  there is none and the chip was reset
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

/** hca_status() - state of the chip, as the driver tells polling processes. */
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
 * hca_drained() - ask whether the chip has taken all packets that were sent
 * @hca: handle
 *
 * Return: 1 when each packet was delivered or refused, 0 while one is on its way.
 */
int hca_drained(const struct hca *hca);

/**
 * hca_wait() - sleep until there is a message
 * @hca: handle
 * @timeout_ms: most milliseconds to wait; negative is for ever
 *
 * Not for the data path: makes system calls. Where the chip has no interrupt, the driver
 * looks every few milliseconds.
 *
 * Return: 0 when there is a message, or
 *	-ETIMEDOUT  there was none in time
 *	-EINTR      a signal came
 *	-EIO        the chip is dead
 *	-ECONNRESET the chip was reset
 *	-ENODEV     the device is gone
 */
int hca_wait(struct hca *hca, int timeout_ms);

/** hca_fd() - file for poll() or epoll; readable when there is a message. */
int hca_fd(const struct hca *hca);

/**
 * struct hca_stats - counts of a handle since hca_open()
 * @sent: packets given to the chip
 * @sent_bytes: payload of these packets
 * @received: messages released
 * @busy: sends that found no free PIO buffer
 * @refused: packets that the chip refused
 */
struct hca_stats {
	uint64_t sent;
	uint64_t sent_bytes;
	uint64_t received;
	uint64_t busy;
	uint64_t refused;
};

/** hca_get_stats() - copy the counts; makes no system call. */
void hca_get_stats(const struct hca *hca, struct hca_stats *stats);

/** hca_error_name() - words for an enum hca_chip_error, "unknown" for other values. */
const char *hca_error_name(uint32_t error);

/** hca_crc32c() - CRC-32C (Castagnoli) of some bytes. */
uint32_t hca_crc32c(const void *data, size_t length);

#ifdef __cplusplus
}
#endif

#endif /* HCA_H */
