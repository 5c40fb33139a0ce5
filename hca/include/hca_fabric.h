/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames between the chips of a fabric: one frame a datagram. See hca/spec.md, "Fabric".
 *
 * All words are 32-bit little-endian. Parses as C11 and C++.
 */
#ifndef HCA_FABRIC_H
#define HCA_FABRIC_H

#include "hca_chip.h"

#define HCA_FRAME_MAGIC		0x00	/* HCA_FRAME_MAGIC_VALUE */
#define HCA_FRAME_TYPE		0x04	/* enum hca_frame_type */
#define HCA_FRAME_FROM		0x08	/* HCA_ADDRESS() of the frame's sender */
#define HCA_FRAME_TO		0x0c	/* HCA_ADDRESS() of its receiver */
#define HCA_FRAME_EPOCH		0x10	/* which life (enabling) of the sending context */
#define HCA_FRAME_SEQUENCE	0x14	/* number of the packet in that life */
#define HCA_FRAME_PARTITION	0x18	/* packet: key of the sending context */
#define HCA_FRAME_RESULT	0x1c	/* answer: enum hca_chip_error, or HCA_FRAME_WAIT */
#define HCA_FRAME_LENGTH	0x20	/* bytes of payload, with which the frame ends */
#define HCA_FRAME_TAG		0x24
#define HCA_FRAME_CHECKSUM	0x28	/* the process's, as in the PIO buffer */
#define HCA_FRAME_CRC		0x2c	/* CRC-32C of the frame with 0 in this word */
#define HCA_FRAME_PAYLOAD	0x30

#define HCA_FRAME_MAX		(HCA_FRAME_PAYLOAD + HCA_PAYLOAD_MAX)
#define HCA_FRAME_MAGIC_VALUE	0x46414348u	/* "HCAF" */
#define HCA_FRAME_WAIT		0xffffffffu	/* the packet arrived, its receiver is full */

enum hca_frame_type {
	HCA_FRAME_HELLO = 1,	/* the sending node is there */
	HCA_FRAME_PACKET = 2,
	HCA_FRAME_ANSWER = 3,	/* to the packet of the same epoch and sequence */
};

/* Times in heartbeats, which are at most 100 ms apart. */
#define HCA_RETRY_BEATS		2	/* after so many without an answer, a packet is sent again */
#define HCA_TIMEOUT_BEATS	100	/* ... and after so many it is given up */
#define HCA_PEER_BEATS		50	/* a node not heard for so many is no peer */

#endif /* HCA_FABRIC_H */
