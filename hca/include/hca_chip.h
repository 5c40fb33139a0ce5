/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The HCA's register window and everything that the chip writes into memory.
 *
 * One definition for driver, chip model and user library; hca/spec.md says what
 * the fields mean. All words are 32-bit little-endian, on every board.
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
#define HCA_ERROR_CONTEXT	0x018	/* chip: context that caused the last error */
#define HCA_ERRORS		0x01c	/* chip: number of errors since reset */
#define HCA_PACKETS		0x020	/* chip: packets delivered since reset */
#define HCA_NODE		0x024	/* chip: number of this board on the fabric */
#define HCA_LINK		0x028	/* chip: enum hca_link */
#define HCA_PEERS		0x02c	/* chip: bit n: node n was heard lately */
#define HCA_ERROR_ADDR_LO	0x030	/* chip: address that was refused last */
#define HCA_ERROR_ADDR_HI	0x034
#define HCA_SENT		0x038	/* chip: packets given to the fabric */
#define HCA_RETRIES		0x03c	/* chip: frames that were sent again */
#define HCA_FEATURES		0x040	/* chip: HCA_FEATURE_* */
#define HCA_INT_ENABLE		0x044	/* driver: 1: the chip may interrupt */
#define HCA_INT_CAUSE		0x048	/* chip: causes of the interrupt, HCA_CAUSE_* */
#define HCA_INT_SERIAL		0x04c	/* chip: number of the interrupt */
#define HCA_INT_ACK		0x050	/* driver: HCA_INT_SERIAL of the last one taken */
#define HCA_COUNT(error)	(0x100 + (error) * 4)	/* chip: errors of each kind */

#define HCA_MAGIC_VALUE		0x31414348u	/* "HCA1" */
#define HCA_VERSION_VALUE	3u
#define HCA_NO_CONTEXT		0xffffffffu	/* HCA_ERROR_CONTEXT: no context's error */

#define HCA_FEATURE_INTERRUPT	0x1u		/* the chip has an interrupt line */
#define HCA_CAUSE_PACKET(n)	(1u << (n))	/* context n was armed and got a packet */
#define HCA_CAUSE_LINK		0x10000u	/* HCA_LINK or HCA_PEERS has changed */

/* An address on the fabric: board and context in one word. */
#define HCA_NODES		16
#define HCA_ADDRESS(node, context)	((node) << 16 | (context))
#define HCA_ADDRESS_NODE(address)	((address) >> 16)
#define HCA_ADDRESS_CONTEXT(address)	((address) & 0xffff)

/* Context n, user page: mapped by the process that owns the context. */
#define HCA_USER_PAGE(n)	(0x10000 + (n) * HCA_PAGE_BYTES)
#define HCA_USER_RCV_HEAD	0x00	/* user: entries consumed, free running */

/* Context n, control page: driver only. */
#define HCA_CONTROL_PAGE(n)	(0x20000 + (n) * HCA_PAGE_BYTES)
#define HCA_CTL_ENABLE		0x00	/* driver: 1 on, 0 off */
#define HCA_CTL_ENABLE_ACK	0x04	/* chip: state in force; 0: no more DMA */
#define HCA_CTL_HDRQ_LO		0x08	/* bus address of the header queue */
#define HCA_CTL_HDRQ_HI		0x0c
#define HCA_CTL_HDRQ_ENTRIES	0x10	/* power of two, at most 65536 */
#define HCA_CTL_AVAIL_LO	0x14	/* bus address of the PIO-available page */
#define HCA_CTL_AVAIL_HI	0x18
#define HCA_CTL_EAGER_COUNT	0x1c	/* entries of the eager table in use */
#define HCA_CTL_PARTITION	0x20	/* key: packets come and go only within it */
#define HCA_CTL_ARM		0x24	/* driver: any new value: interrupt at the next packet */

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
#define HCA_PIO_DEST		0x00	/* HCA_ADDRESS() of the destination */
#define HCA_PIO_LENGTH		0x04	/* payload bytes, 0 to HCA_PAYLOAD_MAX */
#define HCA_PIO_TAG		0x08	/* any value, delivered as it is */
#define HCA_PIO_CHECKSUM	0x0c	/* CRC-32C of the payload, end to end */
#define HCA_PIO_PAYLOAD		0x20
#define HCA_PIO_TRIGGER		0x7fc	/* last: generation, counts up from 1 */
#define HCA_PAYLOAD_MAX		(HCA_PIO_TRIGGER - HCA_PIO_PAYLOAD)

/* PIO-available page: the chip writes, the process reads. */
#define HCA_AVAIL_DONE(i)	((i) * 4)	/* generation last sent from buffer i */
#define HCA_AVAIL_STATUS	0x800	/* driver: enum hca_status */
#define HCA_AVAIL_ERROR		0x804	/* chip: last error of this context */
#define HCA_AVAIL_ERRORS	0x808	/* chip: number of errors of this context */
#define HCA_AVAIL_LINK		0x80c	/* chip: copy of HCA_LINK */
#define HCA_AVAIL_PEERS		0x810	/* chip: copy of HCA_PEERS */

/* Receive header queue entry: the chip writes, the process reads. */
#define HCA_HDR_BYTES		32
#define HCA_HDR_SOURCE		0x00	/* HCA_ADDRESS() of the sender */
#define HCA_HDR_LENGTH		0x04	/* payload bytes */
#define HCA_HDR_EAGER		0x08	/* index of the eager buffer */
#define HCA_HDR_TAG		0x0c
#define HCA_HDR_CHECKSUM	0x10
#define HCA_HDR_SEQUENCE	0x1c	/* written last: entry number + 1 */

/* State of the chip, which the driver writes for polling processes. */
enum hca_status {
	HCA_STATUS_OK = 0,
	HCA_STATUS_DEAD = 1,	/* the chip stopped answering */
	HCA_STATUS_GONE = 2,	/* the device was unbound */
	HCA_STATUS_RESET = 3,	/* the chip was reset: the context is lost */
};

/* State of the cable. */
enum hca_link {
	HCA_LINK_DOWN = 0,	/* only contexts of this board can be reached */
	HCA_LINK_UP = 1,
};

/* Why the chip refused a packet or a setup, or what went wrong on the fabric. */
enum hca_chip_error {
	HCA_ERR_NONE = 0,
	HCA_ERR_BAD_LENGTH = 1,		/* payload longer than HCA_PAYLOAD_MAX */
	HCA_ERR_BAD_DEST = 2,		/* no such node or context, or not enabled */
	HCA_ERR_BAD_ADDRESS = 3,	/* programmed address is not in the board's RAM */
	HCA_ERR_BAD_SETUP = 4,		/* control page makes no sense */
	HCA_ERR_BAD_PARTITION = 5,	/* destination is in another partition */
	HCA_ERR_LINK_DOWN = 6,		/* no link, or lost before there was an answer */
	HCA_ERR_TIMEOUT = 7,		/* the other node doesn't answer */
	HCA_ERR_CRC = 8,		/* a frame came damaged; it is sent again */
	HCA_ERR_SEQUENCE = 9,		/* a frame came twice, or one before it is missing */
	HCA_ERR_FRAME = 10,		/* bytes that are no frame of the fabric */
	HCA_ERRORS_END = 11,
};

#endif /* HCA_CHIP_H */
