/* SPDX-License-Identifier: GPL-2.0 */
/* Sample driver in C++: calls from its C (sample_cxx.c) into its C++ (sample_ring.cc). */
#ifndef SAMPLE_RING_H
#define SAMPLE_RING_H

#ifdef __cplusplus
extern "C" {
#endif

struct device;
struct sample_ring;
struct vm_area_struct;

/* Bytes that the caller provides for a struct sample_ring. */
extern const unsigned int sample_ring_bytes;

/* Returns 0 or a negative errno; after an error there is nothing to stop. */
int sample_ring_start(struct sample_ring *ring, struct device *dev);
void sample_ring_stop(struct sample_ring *ring);

/* Returns the memory behind the ring: enum dmamap_behind and *@pfn, or a negative errno. */
int sample_ring_behind(const struct sample_ring *ring, unsigned long long *pfn);
int sample_ring_mmap(const struct sample_ring *ring, struct vm_area_struct *vma);

#ifdef __cplusplus
}
#endif

#endif /* SAMPLE_RING_H */
