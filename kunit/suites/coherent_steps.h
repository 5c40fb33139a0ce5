/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drivers in C++, tested in the kernel: what they do is in C++
 * (coherent_steps.cc), what it must have done is looked at in C, where kernel
 * headers and KUnit are (coherent_kunit.c).
 */
#ifndef DMAMAP_COHERENT_STEPS_H
#define DMAMAP_COHERENT_STEPS_H

#ifdef __cplusplus
#include <cstddef>
using std::size_t;
extern "C" {
#else
#include <linux/types.h>
#endif

struct device;
struct dmamap_region;

struct coherent_steps;

/* Bytes that the caller provides for a struct coherent_steps. */
extern const unsigned int coherent_steps_bytes;

/* An array of entries of 24 bytes; 0 or a negative errno. */
int coherent_steps_alloc(struct coherent_steps *steps, struct device *dev, size_t count,
			 int atomic, const char *name);
void coherent_steps_end(struct coherent_steps *steps);
struct dmamap_region *coherent_steps_region(const struct coherent_steps *steps);
unsigned long long coherent_steps_bus(const struct coherent_steps *steps, size_t n);
int coherent_steps_frame(const struct coherent_steps *steps, size_t n, unsigned long long *pfn,
			 unsigned int *behind);

/* Writes entry @n: buffer __le64, length __be32, tags __le16[2], count u32, flags __le32. */
void coherent_steps_write(const struct coherent_steps *steps, size_t n, unsigned long long buffer,
			  unsigned int length, unsigned short tag, unsigned int count,
			  unsigned int flags);
/* Reads it back; 1 if all is as it was written. */
int coherent_steps_reads(const struct coherent_steps *steps, size_t n, unsigned long long buffer,
			 unsigned int length, unsigned short tag, unsigned int count,
			 unsigned int flags);

/* To the device and back; the bus address of entry @n while the device has it. */
unsigned long long coherent_steps_hand_over(struct coherent_steps *steps, size_t n);

#ifdef __cplusplus
}
#endif

#endif /* DMAMAP_COHERENT_STEPS_H */
