/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The HCA's register window and everything that it writes into memory.
 *
 * One definition for driver, chip model and user library; see hca/spec.md for
 * what the fields mean. All words are 32-bit little-endian, on every board.
 * Parses as C11 and C++.
 */
#ifndef HCA_CHIP_H
#define HCA_CHIP_H

/* PCI identity of the board's window (QEMU's ivshmem), and its window BAR. */
#define HCA_PCI_VENDOR		0x1af4
#define HCA_PCI_DEVICE		0x1110
#define HCA_PCI_WINDOW_BAR	2

#define HCA_WINDOW_BYTES	0x100000
#define HCA_PAGE_BYTES		0x1000
#define HCA_CONTEXTS		16

/* Global page: driver only. */
#define HCA_MAGIC		0x000	/* HCA_MAGIC_VALUE, written by the chip last */
#define HCA_VERSION		0x004	/* HCA_VERSION_VALUE */
#define HCA_HEARTBEAT		0x008	/* counts up while the chip lives */
#define HCA_RESET		0x00c	/* driver: any new value asks for a reset */
#define HCA_RESET_ACK		0x010	/* chip: the value of the reset just done */
#define HCA_ERROR		0x014	/* chip: last error, enum hca_chip_error */
#define HCA_ERROR_CONTEXT	0x018	/* chip: context that caused it */
#define HCA_ERRORS		0x01c	/* chip: number of errors since reset */
#define HCA_PACKETS		0x020	/* chip: packets delivered since reset */

#define HCA_MAGIC_VALUE		0x31414348u	/* "HCA1" */
#define HCA_VERSION_VALUE	1u

/* Context n, user page: mapped by the process that owns the context. */
#define HCA_USER_PAGE(n)	(0x10000 + (n) * HCA_PAGE_BYTES)
#define HCA_USER_RCV_HEAD	0x00	/* user: entries consumed, free running */

/* Context n, control page: driver only. */
#define HCA_CONTROL_PAGE(n)	(0x20000 + (n) * HCA_PAGE_BYTES)
#define HCA_CTL_ENABLE		0x00	/* driver: 1 on, 0 off */
#define HCA_CTL_ENABLE_ACK	0x04	/* chip: state in force; 0 = no DMA any more */
#define HCA_CTL_HDRQ_LO		0x08	/* bus address of the header queue */
#define HCA_CTL_HDRQ_HI		0x0c
#define HCA_CTL_HDRQ_ENTRIES	0x10	/* power of two, at most 65536 */
#define HCA_CTL_AVAIL_LO	0x14	/* bus address of the PIO-available page */
#define HCA_CTL_AVAIL_HI	0x18
#define HCA_CTL_EAGER_COUNT	0x1c	/* entries of the eager table in use */

/* Context n, eager table: bus addresses of the eager buffers. Driver only. */
#define HCA_EAGER_TABLE(n)	(0x40000 + (n) * HCA_PAGE_BYTES)
#define HCA_EAGER_TABLE_MAX	512
#define HCA_EAGER_LO(i)		((i) * 8)
#define HCA_EAGER_HI(i)		((i) * 8 + 4)
#define HCA_EAGER_BYTES		2048	/* one eager buffer */

/* Context n, PIO buffers: written by the process that owns the context. */
#define HCA_PIO_BUFFERS		8
#define HCA_PIO_BYTES		2048	/* one PIO buffer */
#define HCA_PIO_CONTEXT_BYTES	(HCA_PIO_BUFFERS * HCA_PIO_BYTES)
#define HCA_PIO(n)		(0x80000 + (n) * HCA_PIO_CONTEXT_BYTES)

/* In a PIO buffer. */
#define HCA_PIO_DEST		0x00	/* destination context */
#define HCA_PIO_LENGTH		0x04	/* payload bytes, 0 to HCA_PAYLOAD_MAX */
#define HCA_PIO_TAG		0x08	/* the sender's, delivered as it is */
#define HCA_PIO_CHECKSUM	0x0c	/* CRC-32C of the payload, end to end */
#define HCA_PIO_PAYLOAD		0x20
#define HCA_PIO_TRIGGER		0x7fc	/* last: generation, counts up from 1 */
#define HCA_PAYLOAD_MAX		(HCA_PIO_TRIGGER - HCA_PIO_PAYLOAD)

/* PIO-available page: the chip writes, the process reads. */
#define HCA_AVAIL_DONE(i)	((i) * 4)	/* generation last sent from buffer i */
#define HCA_AVAIL_STATUS	0x800	/* driver: enum hca_status */
#define HCA_AVAIL_ERROR		0x804	/* chip: last error of this context */
#define HCA_AVAIL_ERRORS	0x808	/* chip: number of errors of this context */

/* Receive header queue entry: the chip writes, the process reads. */
#define HCA_HDR_BYTES		32
#define HCA_HDR_SOURCE		0x00	/* context that sent */
#define HCA_HDR_LENGTH		0x04	/* payload bytes */
#define HCA_HDR_EAGER		0x08	/* index of the eager buffer */
#define HCA_HDR_TAG		0x0c
#define HCA_HDR_CHECKSUM	0x10
#define HCA_HDR_SEQUENCE	0x1c	/* written last: entry number + 1 */

/* Status that the driver leaves for polling processes. */
enum hca_status {
	HCA_STATUS_OK = 0,
	HCA_STATUS_DEAD = 1,	/* the chip stopped answering */
	HCA_STATUS_GONE = 2,	/* the device was unbound */
};

/* Why the chip refused something. */
enum hca_chip_error {
	HCA_ERR_NONE = 0,
	HCA_ERR_BAD_LENGTH = 1,		/* payload longer than HCA_PAYLOAD_MAX */
	HCA_ERR_BAD_DEST = 2,		/* no such context, or not enabled */
	HCA_ERR_BAD_ADDRESS = 3,	/* programmed address is not in the board's RAM */
	HCA_ERR_BAD_SETUP = 4,		/* control page makes no sense */
};

#endif /* HCA_CHIP_H */
