// SPDX-License-Identifier: GPL-2.0
/* What programs, devices and caches do with the bytes of the machine. */
#include "kunit/machine/machine.h"

namespace dmamap::sim {

std::optional<Value> SimulatedMachine::read(unsigned cpu, CpuAddr addr)
{
	const auto to = translations_.use(cpu, addr);

	if (!to)
		return std::nullopt;
	const Line line = line_at(to->pfn, addr.raw());
	const Value below = memory_.latest(line);
	const Value value = to->cacheable ? cache_.load(line, below) : below;

	settle();
	return value;
}

bool SimulatedMachine::write(unsigned cpu, CpuAddr addr, Value value)
{
	const auto to = translations_.use(cpu, addr);

	if (to)
		store(*to, addr.raw(), value);
	settle();
	return to.has_value();
}

Value SimulatedMachine::read(const Device &device, BusAddr addr)
{
	const PhysAddr phys(addr.raw() - device.offset);
	const Line line = line_at(to_pfn(phys), phys.raw());

	if (device.snooping && cache_.holds(line))
		return cache_.load(line, 0);
	return memory_.read(line);
}

void SimulatedMachine::write(const Device &device, BusAddr addr, Value value)
{
	const PhysAddr phys(addr.raw() - device.offset);
	const Line line = line_at(to_pfn(phys), phys.raw());

	if (device.snooping)
		cache_.take(line);
	memory_.write(line, value);
	settle();
}

void SimulatedMachine::evict()
{
	cache_.clean(memory_);
	settle();
}

} // namespace dmamap::sim
