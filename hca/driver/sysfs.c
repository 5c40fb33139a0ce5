// SPDX-License-Identifier: GPL-2.0
/* HCA driver: /sys/class/misc/hca<n>/, one value a file. */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "hca.h"

/*
 * misc_deregister() removes the files and waits for their readers and writers,
 * so the device is bound for as long as one of them runs.
 */
static struct hca_device *hca_of(struct device *dev)
{
	struct miscdevice *misc = dev_get_drvdata(dev);

	return container_of(misc, struct hca_device, misc);
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  hca_state_name(READ_ONCE(hca_of(dev)->state)));
}
static DEVICE_ATTR_RO(state);

static ssize_t link_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	u32 link = hca_chip_global(hca_of(dev), HCA_LINK);

	return sysfs_emit(buf, "%s\n", link == HCA_LINK_UP ? "up" : "down");
}
static DEVICE_ATTR_RO(link);

static ssize_t abi_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%u\n", HCA_ABI_VERSION);
}
static DEVICE_ATTR_RO(abi);

static ssize_t peers_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	unsigned long peers = hca_chip_global(hca_of(dev), HCA_PEERS);

	return sysfs_emit(buf, "%*pbl\n", HCA_NODES, &peers);
}
static DEVICE_ATTR_RO(peers);

static ssize_t contexts_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct hca_device *hca = hca_of(dev);

	guard(mutex)(&hca->lock);
	return sysfs_emit(buf, "%u\n", hca_contexts_count(&hca->contexts));
}
static DEVICE_ATTR_RO(contexts);

static ssize_t contexts_max_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", HCA_CONTEXTS);
}
static DEVICE_ATTR_RO(contexts_max);

static ssize_t resets_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(hca_of(dev)->resets));
}
static DEVICE_ATTR_RO(resets);

static ssize_t wait_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", READ_ONCE(hca_of(dev)->interrupts) ?
			  "interrupt" : "timer");
}
static DEVICE_ATTR_RO(wait);

static ssize_t reset_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	int err;

	if (!sysfs_streq(buf, "1"))
		return -EINVAL;
	err = hca_device_reset(hca_of(dev));
	return err ?: count;
}
static DEVICE_ATTR_WO(reset);

static ssize_t partitions_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct hca_device *hca = hca_of(dev);
	int at = 0;
	u32 i;

	guard(mutex)(&hca->lock);
	for (i = 0; i < hca->partitions.count; i++)
		at += sysfs_emit_at(buf, at, "%s%u", i ? " " : "",
				    hca->partitions.key[i]);
	return at + sysfs_emit_at(buf, at, "\n");
}

/* Reads keys with blanks between them. Returns how many, or a negative errno. */
static int hca_parse_keys(char *list, u32 *keys)
{
	int found = 0, err;
	char *word;

	while ((word = strsep(&list, " \t\n"))) {
		if (!*word)
			continue;
		if (found == HCA_PARTITIONS)
			return -ENOSPC;
		err = kstrtou32(word, 0, &keys[found]);
		if (err)
			return err;
		found++;
	}
	return found;
}

/* A list of keys replaces the one before; contexts in use keep their keys. */
static ssize_t partitions_store(struct device *dev,
				struct device_attribute *attr,
				const char *buf, size_t count)
{
	struct hca_device *hca = hca_of(dev);
	u32 keys[HCA_PARTITIONS];
	int found, err;
	char *copy;

	copy = kstrdup(buf, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	found = hca_parse_keys(copy, keys);
	kfree(copy);
	if (found < 0)
		return found;

	guard(mutex)(&hca->lock);
	err = hca_partitions_set(&hca->partitions, keys, found);
	return err ?: count;
}
static DEVICE_ATTR_RW(partitions);

static struct attribute *hca_attrs[] = {
	&dev_attr_abi.attr,
	&dev_attr_state.attr,
	&dev_attr_link.attr,
	&dev_attr_peers.attr,
	&dev_attr_contexts.attr,
	&dev_attr_contexts_max.attr,
	&dev_attr_partitions.attr,
	&dev_attr_reset.attr,
	&dev_attr_resets.attr,
	&dev_attr_wait.attr,
	NULL
};

static const struct attribute_group hca_group = {
	.attrs = hca_attrs,
};

/* A file that shows one register of the global page. */
struct hca_counter {
	struct device_attribute attr;
	u32 offset;
};

static ssize_t hca_counter_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct hca_counter *counter = container_of(attr, struct hca_counter,
						   attr);

	return sysfs_emit(buf, "%u\n",
			  hca_chip_global(hca_of(dev), counter->offset));
}

#define HCA_COUNTER(_name, _offset)					\
	static struct hca_counter hca_counter_##_name = {		\
		.attr = __ATTR(_name, 0444, hca_counter_show, NULL),	\
		.offset = _offset,					\
	}

HCA_COUNTER(node, HCA_NODE);
HCA_COUNTER(heartbeat, HCA_HEARTBEAT);
HCA_COUNTER(packets, HCA_PACKETS);
HCA_COUNTER(sent, HCA_SENT);
HCA_COUNTER(retries, HCA_RETRIES);
HCA_COUNTER(errors, HCA_ERRORS);
HCA_COUNTER(bad_length, HCA_COUNT(HCA_ERR_BAD_LENGTH));
HCA_COUNTER(bad_dest, HCA_COUNT(HCA_ERR_BAD_DEST));
HCA_COUNTER(bad_address, HCA_COUNT(HCA_ERR_BAD_ADDRESS));
HCA_COUNTER(bad_setup, HCA_COUNT(HCA_ERR_BAD_SETUP));
HCA_COUNTER(bad_partition, HCA_COUNT(HCA_ERR_BAD_PARTITION));
HCA_COUNTER(link_down, HCA_COUNT(HCA_ERR_LINK_DOWN));
HCA_COUNTER(timeout, HCA_COUNT(HCA_ERR_TIMEOUT));
HCA_COUNTER(crc, HCA_COUNT(HCA_ERR_CRC));
HCA_COUNTER(sequence, HCA_COUNT(HCA_ERR_SEQUENCE));
HCA_COUNTER(bad_frame, HCA_COUNT(HCA_ERR_FRAME));

/* Counts of the driver, not of the chip, since it was bound. */
static ssize_t interrupts_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(hca_of(dev)->irq_count));
}
static DEVICE_ATTR_RO(interrupts);

static ssize_t looks_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", atomic_read(&hca_of(dev)->looks));
}
static DEVICE_ATTR_RO(looks);

static struct attribute *hca_counters[] = {
	&hca_counter_node.attr.attr,
	&hca_counter_heartbeat.attr.attr,
	&hca_counter_packets.attr.attr,
	&hca_counter_sent.attr.attr,
	&hca_counter_retries.attr.attr,
	&hca_counter_errors.attr.attr,
	&hca_counter_bad_length.attr.attr,
	&hca_counter_bad_dest.attr.attr,
	&hca_counter_bad_address.attr.attr,
	&hca_counter_bad_setup.attr.attr,
	&hca_counter_bad_partition.attr.attr,
	&hca_counter_link_down.attr.attr,
	&hca_counter_timeout.attr.attr,
	&hca_counter_crc.attr.attr,
	&hca_counter_sequence.attr.attr,
	&hca_counter_bad_frame.attr.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_looks.attr,
	NULL
};

static const struct attribute_group hca_counters_group = {
	.name = "counters",
	.attrs = hca_counters,
};

const struct attribute_group *hca_groups[] = {
	&hca_group,
	&hca_counters_group,
	NULL
};
