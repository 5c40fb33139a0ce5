// SPDX-License-Identifier: GPL-2.0
/* HCA driver: the only code that touches the registers of the chip. */
#include <linux/delay.h>
#include <linux/dev_printk.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/random.h>

#include "hca.h"

#define HCA_RESET_US		(3 * USEC_PER_SEC)
#define HCA_ENABLE_US		(2 * USEC_PER_SEC)
#define HCA_LOOK_US		1000

static void __iomem *hca_part(struct dmamap_region *region, u32 offset)
{
	return (__force void __iomem *)dmamap_cpu_addr(region) + offset;
}

static void __iomem *hca_control(struct hca_device *hca, u32 context, u32 reg)
{
	return hca_part(hca->control,
			HCA_CONTROL_PAGE(context) - HCA_PART_CONTROL + reg);
}

static void __iomem *hca_eager(struct hca_device *hca, u32 context, u32 reg)
{
	return hca_part(hca->control,
			HCA_EAGER_TABLE(context) - HCA_PART_CONTROL + reg);
}

/**
 * hca_chip_global() - read a register of the global page
 * @hca: device that is not gone
 * @offset: HCA_HEARTBEAT, HCA_ERROR, ...
 *
 * Context: any.
 * Return: the register.
 */
u32 hca_chip_global(struct hca_device *hca, u32 offset)
{
	return readl(hca_part(hca->global, HCA_PART_GLOBAL + offset));
}

/* Magic number and answer: a chip that was killed leaves the first behind. */
static int hca_chip_ask(struct hca_device *hca)
{
	u32 magic, token, ack, n;
	int err;

	/*
	 * Nothing is written before the magic number shows that the window is
	 * an HCA's: other devices have the same PCI identity.
	 */
	err = read_poll_timeout(hca_chip_global, magic,
				magic == HCA_MAGIC_VALUE, HCA_LOOK_US,
				HCA_RESET_US, false, hca, HCA_MAGIC);
	if (err)
		return err;

	for (n = 0; n < HCA_CONTEXTS; n++)
		writel(0, hca_control(hca, n, HCA_CTL_ENABLE));

	token = hca_reset_token(get_random_u32(),
				hca_chip_global(hca, HCA_RESET),
				hca_chip_global(hca, HCA_RESET_ACK));
	writel(token, hca_part(hca->global, HCA_PART_GLOBAL + HCA_RESET));
	return read_poll_timeout(hca_chip_global, ack, ack == token,
				 HCA_LOOK_US, HCA_RESET_US, false, hca,
				 HCA_RESET_ACK);
}

/**
 * hca_chip_reset() - bring the chip to a known state
 * @hca: device whose window is adopted; no context is being opened or closed
 *
 * All contexts are switched off: when it returns 0, the chip doesn't write to
 * memory.
 *
 * Context: process, sleeps up to 6 s, 3 s where no chip ever was.
 * Return: 0, or -ENODEV when the chip doesn't answer or is no HCA.
 */
int hca_chip_reset(struct hca_device *hca)
{
	u32 version;

	if (hca_chip_ask(hca)) {
		dev_err(hca->dev,
			"chip does not answer; is its model running?\n");
		return -ENODEV;
	}

	version = hca_chip_global(hca, HCA_VERSION);
	if (version != HCA_VERSION_VALUE) {
		dev_err(hca->dev, "chip has version %u, driver knows only %u\n",
			version, HCA_VERSION_VALUE);
		return -ENODEV;
	}
	return 0;
}

/**
 * hca_chip_head() - how far a process has consumed its header queue
 * @hca: device that is not gone
 * @context: number of the context
 *
 * Context: any.
 * Return: entries consumed, free running. The process owns the register, so
 *	any value is possible.
 */
u32 hca_chip_head(struct hca_device *hca, u32 context)
{
	return readl(hca_part(hca->users, HCA_USER_PAGE(context) -
			      HCA_PART_USERS + HCA_USER_RCV_HEAD));
}

/**
 * hca_chip_interrupts_locked() - allow or forbid interrupts of the chip
 * @hca: device that is not gone
 * @enable: true to allow them
 *
 * Context: any. Caller holds hca_device.irq_lock.
 */
void hca_chip_interrupts_locked(struct hca_device *hca, bool enable)
	__must_hold(&hca->irq_lock)
{
	void __iomem *reg = hca_part(hca->global,
				     HCA_PART_GLOBAL + HCA_INT_ENABLE);

	lockdep_assert_held(&hca->irq_lock);
	writel(enable, reg);
	/*
	 * The read returns after the chip has the write, and pushes before it an
	 * interrupt that the chip sent earlier.
	 */
	readl(reg);
}

/**
 * hca_chip_interrupt_taken_locked() - let the chip go on to the next interrupt
 * @hca: device that is not gone
 * @serial: HCA_INT_SERIAL of the interrupt whose cause was read
 *
 * Context: any. Caller holds hca_device.irq_lock.
 */
void hca_chip_interrupt_taken_locked(struct hca_device *hca, u32 serial)
	__must_hold(&hca->irq_lock)
{
	lockdep_assert_held(&hca->irq_lock);
	writel(serial, hca_part(hca->global, HCA_PART_GLOBAL + HCA_INT_ACK));
}

/**
 * hca_chip_arm_locked() - ask for an interrupt at the next packet of a context
 * @hca: device that is not gone
 * @context: number of the context
 *
 * A look at the header queue after this call finds every packet that will not
 * interrupt any more. So a process may sleep when that look finds nothing.
 *
 * Context: any. Caller holds hca_device.irq_lock.
 */
void hca_chip_arm_locked(struct hca_device *hca, u32 context)
	__must_hold(&hca->irq_lock)
{
	void __iomem *reg = hca_control(hca, context, HCA_CTL_ARM);

	lockdep_assert_held(&hca->irq_lock);
	writel(readl(reg) + 1, reg);
	/*
	 * The read returns after the chip has the write, and pushes before it
	 * what the chip had written to memory (PCI Express 2.4.1).
	 */
	readl(reg);
	/*
	 * Where the window is memory, a barrier does the same: ARM is written
	 * before the caller looks at SEQUENCE, and the chip writes SEQUENCE
	 * before it looks at ARM. So at least one of both sees the other.
	 */
	mb();
}

static void hca_write_address(void __iomem *low, void __iomem *high, u64 bus)
{
	writel(lower_32_bits(bus), low);
	writel(upper_32_bits(bus), high);
}

/**
 * hca_chip_program() - tell the chip the memory of a context
 * @hca: device that is not gone
 * @context: context with all its regions, disabled at the chip
 *
 * Also clears what the last owner of the number left in the window: its head
 * would be taken for the new one's, its triggers would send, and its payload
 * could be read where a CPU has no write-only pages.
 *
 * Context: process.
 */
void hca_chip_program(struct hca_device *hca, struct hca_context *context)
{
	struct dmamap_region **coherent = context->coherent;
	u32 n = context->number, i;
	u64 segments[HCA_EAGER_SEGMENTS];

	memset_io(hca_part(hca->users, HCA_USER_PAGE(n) - HCA_PART_USERS), 0,
		  HCA_PAGE_BYTES);
	memset_io(hca_part(hca->pio, HCA_PIO(n) - HCA_PART_PIO), 0,
		  HCA_PIO_CONTEXT_BYTES);

	for (i = 0; i < HCA_EAGER_SEGMENTS; i++)
		segments[i] = dmamap_dma_addr(coherent[HCA_SOURCE_EAGER + i]);
	for (i = 0; i < HCA_EAGER_BUFFERS; i++)
		hca_write_address(hca_eager(hca, n, HCA_EAGER_LO(i)),
				  hca_eager(hca, n, HCA_EAGER_HI(i)),
				  hca_eager_address(segments, i));

	hca_write_address(hca_control(hca, n, HCA_CTL_HDRQ_LO),
			  hca_control(hca, n, HCA_CTL_HDRQ_HI),
			  dmamap_dma_addr(coherent[HCA_SOURCE_HEADERS]));
	writel(HCA_HEADER_ENTRIES,
	       hca_control(hca, n, HCA_CTL_HDRQ_ENTRIES));
	hca_write_address(hca_control(hca, n, HCA_CTL_AVAIL_LO),
			  hca_control(hca, n, HCA_CTL_AVAIL_HI),
			  dmamap_dma_addr(coherent[HCA_SOURCE_AVAIL]));
	writel(HCA_EAGER_BUFFERS, hca_control(hca, n, HCA_CTL_EAGER_COUNT));
	writel(context->partition, hca_control(hca, n, HCA_CTL_PARTITION));

	/*
	 * Zeroes of the PIO buffers before the enable: the buffers are
	 * write-combining, so writel() alone would let the enable overtake.
	 */
	wmb();
}

/* Yes is an acknowledge of 1; no is an ENABLE that the chip has cleared. */
static bool hca_chip_decided(struct hca_device *hca, u32 context, u32 *ack)
{
	*ack = readl(hca_control(hca, context, HCA_CTL_ENABLE_ACK));
	return *ack == 1 || !readl(hca_control(hca, context, HCA_CTL_ENABLE));
}

/**
 * hca_chip_enable() - switch a context on
 * @hca: device that is not gone
 * @context: context that hca_chip_program() has programmed
 *
 * Context: process, sleeps up to 2 s.
 * Return: 0, or -EIO when the chip refuses or doesn't answer. Without an
 *	answer the chip may still act on the memory of the context, and
 *	hca_chip_quiet() stays false.
 */
int hca_chip_enable(struct hca_device *hca, struct hca_context *context)
{
	u32 n = context->number, ack;
	bool decided;

	writel(1, hca_control(hca, n, HCA_CTL_ENABLE));
	read_poll_timeout(hca_chip_decided, decided, decided, HCA_LOOK_US,
			  HCA_ENABLE_US, false, hca, n, &ack);
	context->decided = decided;
	if (ack == 1)
		return 0;

	if (decided)
		dev_err(hca->dev,
			"chip refuses context %u, error %u, address %#x%08x\n",
			n, hca_chip_global(hca, HCA_ERROR),
			hca_chip_global(hca, HCA_ERROR_ADDR_HI),
			hca_chip_global(hca, HCA_ERROR_ADDR_LO));
	else
		dev_err(hca->dev, "chip doesn't enable context %u\n", n);
	return -EIO;
}

/**
 * hca_chip_quiet() - has the chip let go of a context that was switched off
 * @hca: device that is not gone
 * @context: context; HCA_CTL_ENABLE is 0
 *
 * An acknowledge of 0 proves it only when the chip had answered the enable.
 * Otherwise the chip may be about to act on that.
 *
 * Context: any.
 * Return: true when no DMA of this context can come any more.
 */
bool hca_chip_quiet(struct hca_device *hca, struct hca_context *context)
{
	return context->decided &&
	       !readl(hca_control(hca, context->number, HCA_CTL_ENABLE_ACK));
}

/**
 * hca_chip_disable() - switch a context off and wait for the end of its DMA
 * @hca: device that is not gone
 * @context: context that hca_chip_enable() tried to switch on
 *
 * Context: process, sleeps up to 2 s; not at all when the chip is known dead.
 * Return: hca_chip_quiet().
 */
bool hca_chip_disable(struct hca_device *hca, struct hca_context *context)
{
	u32 n = context->number;
	bool quiet;

	writel(0, hca_control(hca, n, HCA_CTL_ENABLE));
	if (!context->decided)
		return false;
	if (READ_ONCE(hca->silent))
		quiet = hca_chip_quiet(hca, context);
	else
		read_poll_timeout(hca_chip_quiet, quiet, quiet, HCA_LOOK_US,
				  HCA_ENABLE_US, false, hca, context);
	if (!quiet)
		return false;

	/* No stale address may be left for the next enable of this number. */
	writel(0, hca_control(hca, n, HCA_CTL_EAGER_COUNT));
	hca_write_address(hca_control(hca, n, HCA_CTL_HDRQ_LO),
			  hca_control(hca, n, HCA_CTL_HDRQ_HI), 0);
	hca_write_address(hca_control(hca, n, HCA_CTL_AVAIL_LO),
			  hca_control(hca, n, HCA_CTL_AVAIL_HI), 0);
	return true;
}
