// SPDX-License-Identifier: GPL-2.0
#include "kunit/machine/machine.h"

#include <utility>

#include "kunit/machine/each.h"

namespace dmamap::sim {
namespace {

using judge::Attr;
using judge::Op;

constexpr CpuAddr kLinearMap{0xc000'0000};
constexpr Value kSecret = 0x5ec2e7;   // left behind by the last user of a frame

/* These offsets make an address that is not congruent with the linear one, which
   matters where caches are virtually indexed. */
constexpr std::uint64_t kPkmap = (1ull << 28) + (0x155ull << kPageShift);
constexpr std::uint64_t kVmap = (1ull << 29) + (0x2aaull << kPageShift);
constexpr std::uint64_t kLocal = (1ull << 30) + (0x0ffull << kPageShift);

CpuAddr page_of(CpuAddr addr, std::uint64_t page)
{
	return addr + (page << kPageShift);
}

std::uint64_t number_of(CpuAddr addr)
{
	return addr.raw() >> kPageShift;
}

} // namespace

SimulatedMachine::SimulatedMachine(const Profile &profile)
	: profile_(profile),
	  oracle_(profile_.judged, {profile.cpus, kLines,
				    [colours = profile.judged.colours](std::uint64_t va) {
					    return unsigned(va % colours);
				    }}),
	  primitives_(profile_.judged, {profile.cpus, kLines},
		      [this](const judge::Event &event) { feed(event); }),
	  supply_(profile)
{
	each_frame({Profile::kRam, Pages(profile.lowmem)}, [&](Pfn pfn) {
		table_.set(linear_address(pfn), {pfn, Use::linear, true});
		oracle_.exists(number_of(linear_address(pfn)), pfn.raw(), true);
	});
}

void SimulatedMachine::feed(const judge::Event &event)
{
	oracle_.feed(event).broken.each([&](judge::Rule rule) {
		break_rule(rule, to_string(event));
	});
}

void SimulatedMachine::mark(Op op, FrameRun run)
{
	each_frame(run, [&](Pfn pfn) { feed({.op = op, .pfn = pfn.raw()}); });
}

std::vector<Page> SimulatedMachine::pages_at(CpuAddr addr, FrameRun run)
{
	std::vector<Page> pages;

	for (std::uint64_t i = 0; i < run.pages.count(); ++i)
		pages.push_back({number_of(addr) + i, run.first.raw() + i});
	return pages;
}

/* Supply */

Result<FrameRun> SimulatedMachine::taken(Result<FrameRun> run)
{
	if (!run)
		return run;
	note(DMAMAP_STEP_TAKE, *run);
	each_frame(*run, [&](Pfn pfn) { leave_traces(pfn); });
	mark(Op::take, *run);
	end_local(*run);
	return run;
}

/* As kunmap_local() does on CPU 0: other TLBs are not purged. */
void SimulatedMachine::end_local(FrameRun run)
{
	for (const Page &slot : local_pages(run)) {
		primitives_.edit(slot, judge::Attr::none);
		primitives_.barrier();
		feed({.op = Op::purge, .cpu = 0, .va = slot.va, .pfn = slot.pfn});
	}
}

/*
 * The last user had the frame at its linear address, or (highmem) in a pkmap slot
 * that has not been reused since, and in a vmap area whose TLB entries wait to be
 * purged. Secrets are in memory, or still in a cache. The allocator itself may have had
 * it in a slot for short use, to copy it elsewhere: end_local() follows.
 */
void SimulatedMachine::leave_traces(Pfn pfn)
{
	if (!in_lowmem(pfn))
		oracle_.exists(home_pages({pfn, Pages(1)}).front().va, pfn.raw(), false);
	for (const Page &slot : local_pages({pfn, Pages(1)}))
		oracle_.exists(slot.va, pfn.raw(), false);
	oracle_.exists(number_of(linear_address(pfn) + kVmap), pfn.raw(), false);
	fill(pfn, kSecret);
}

void SimulatedMachine::fill(Pfn pfn, Value value)
{
	each_line(pfn, [&](Line line) { memory_[line] = value; });
}

Result<FrameRun> SimulatedMachine::take_cma(Pages pages, Reach reach) noexcept
{
	/* Pages of the page cache are everywhere in the area. */
	return fails() || !reach.may_move ? fail(Errno::nomem) : taken(supply_.take_cma(pages));
}

Result<FrameRun> SimulatedMachine::take_pages(Pages pages, Reach reach) noexcept
{
	return fails() ? fail(Errno::nomem) : taken(supply_.take_pages(pages, reach));
}

void SimulatedMachine::give(FrameRun run, bool to_cma)
{
	note(DMAMAP_STEP_GIVE, run);
	if (!supply_.give(run, to_cma))
		break_rule(judge::Rule::reused, "frames given to where they do not come from");
	each_frame(run, [&](Pfn pfn) {
		if (directory_.contains(pfn))
			break_rule(judge::Rule::reused, "a frame given that is published");
	});
	mark(Op::give, run);
}

void SimulatedMachine::give_cma(FrameRun run) noexcept
{
	give(run, true);
}

void SimulatedMachine::give_pages(FrameRun run) noexcept
{
	give(run, false);
}

void SimulatedMachine::quarantine(FrameRun run) noexcept
{
	note(DMAMAP_STEP_QUARANTINE, run);
	if (!supply_.quarantine(run))
		break_rule(judge::Rule::reused, "frames kept that nobody had");
	mark(Op::quarantine, run);
}

Result<BusAddr> SimulatedMachine::bus_address(void *device, FrameRun run) noexcept
{
	const Device dev = device ? *static_cast<Device *>(device) : Device();
	const std::uint64_t first = to_phys(run.first).raw() + dev.offset;
	const std::uint64_t last = first + run.pages.bytes() - 1;

	if (fails() || last > dev.mask || last < first)
		return fail(Errno::io);
	return BusAddr(first);
}

/* Translations */

CpuAddr SimulatedMachine::linear_address(Pfn pfn) noexcept
{
	return kLinearMap + to_phys(pfn).raw();
}

std::vector<Page> SimulatedMachine::linear_pages(FrameRun run)
{
	std::vector<Page> pages = pages_at(linear_address(run.first), run);

	std::erase_if(pages, [&](const Page &page) { return !in_lowmem(Pfn(page.pfn)); });
	return pages;
}

std::vector<Page> SimulatedMachine::home_pages(FrameRun run)
{
	std::vector<Page> pages = pages_at(linear_address(run.first), run);

	for (Page &page : pages)
		if (!in_lowmem(Pfn(page.pfn)))
			page.va += kPkmap >> kPageShift;
	return pages;
}

bool SimulatedMachine::is_kernel_memory(FrameRun run) noexcept
{
	return run.first < profile_.reserved_begin() && run.end() > Profile::kRam;
}

std::vector<Page> SimulatedMachine::local_pages(FrameRun run)
{
	std::vector<Page> pages;

	if (!profile_.judged.ends_locally)
		return pages;
	for (const Page &page : pages_at(linear_address(run.first) + kLocal, run))
		if (!in_lowmem(Pfn(page.pfn)))
			pages.push_back(page);
	return pages;
}

void SimulatedMachine::drop_lazy_aliases(FrameRun run) noexcept
{
	drop_but_local(run);
	if (const auto slots = local_pages(run); !slots.empty())
		primitives_.purge(slots);
}

void SimulatedMachine::drop_but_local(FrameRun run)
{
	std::vector<Page> lazy = pages_at(linear_address(run.first) + kVmap, run);

	note(DMAMAP_STEP_DROP_LAZY, run);
	for (const Page &page : home_pages(run))
		if (!in_lowmem(Pfn(page.pfn)))
			lazy.push_back(page);
	primitives_.drop_lazy(lazy);
}

Linear SimulatedMachine::linear(Pfn pfn) noexcept
{
	const auto entry = table_.entry(linear_address(pfn));

	if (!in_lowmem(pfn))
		return Linear::none;
	if (!entry)
		return Linear::absent;
	return entry->cacheable ? Linear::cached : Linear::uncached;
}

Result<void> SimulatedMachine::set_linear(FrameRun unit, Linear linear) noexcept
{
	note(DMAMAP_STEP_SET_LINEAR, unit, static_cast<u32>(linear));
	if (fails())
		return fail(Errno::nomem);
	if (!profile_.linear_editable || !in_lowmem(unit.first) || linear == Linear::none)
		return fail(Errno::nodev);
	if (unit.pages != profile_.unit || unit.first.raw() & (unit.pages.count() - 1))
		break_rule(judge::Rule::neighbour, "an edit that splits a large page");
	each_frame(unit, [&](Pfn pfn) {
		const CpuAddr addr = linear_address(pfn);

		if (linear == Linear::absent)
			table_.clear(addr);
		else
			table_.set(addr, {pfn, Use::linear, linear == Linear::cached});
		primitives_.edit({number_of(addr), pfn.raw()}, to_attr(linear));
	});
	return {};
}

void SimulatedMachine::purge_linear(FrameRun run) noexcept
{
	const std::vector<Page> pages = linear_pages(run);

	note(DMAMAP_STEP_PURGE, run);
	if (!pages.empty())
		primitives_.purge(pages);
}

Result<void> SimulatedMachine::claim(FrameRun run, Attribute attribute) noexcept
{
	bool taken = false;

	note(DMAMAP_STEP_CLAIM, run);
	each_frame(run, [&](Pfn pfn) { taken |= claims_.contains(pfn); });
	if (fails() || taken)
		return fail(Errno::busy);
	each_frame(run, [&](Pfn pfn) { claims_[pfn] = attribute; });
	mark(Op::claim, run);
	return {};
}

void SimulatedMachine::release(FrameRun run) noexcept
{
	note(DMAMAP_STEP_RELEASE, run);
	each_frame(run, [&](Pfn pfn) { claims_.erase(pfn); });
	mark(Op::release, run);
}

CpuAddr SimulatedMachine::make_mapping(FrameRun run, Use use, bool cacheable)
{
	const CpuAddr addr = next_mapping_;

	for (std::uint64_t i = 0; i < run.pages.count(); ++i)
		table_.set(page_of(addr, i), {run.first + i, use, cacheable});
	next_mapping_ = page_of(addr, run.pages.count() + 1);   // leaves a hole behind it
	return addr;
}

void SimulatedMachine::end_mapping(CpuAddr addr, FrameRun run, Use use)
{
	for (std::uint64_t i = 0; i < run.pages.count(); ++i) {
		const auto entry = table_.entry(page_of(addr, i));

		if (!entry || entry->use != use || entry->pfn != run.first + i)
			break_rule(judge::Rule::reused, "a mapping ended that is not there");
		table_.clear(page_of(addr, i));
	}
}

Result<CpuAddr> SimulatedMachine::map(FrameRun run, Attribute attribute) noexcept
{
	const bool cacheable = attribute == Attribute::cached;

	note(DMAMAP_STEP_MAP, run);
	if (fails())
		return fail(Errno::nomem);
	each_frame(run, [&](Pfn pfn) {
		if (claims_.contains(pfn) && claims_[pfn] != attribute)
			break_rule(judge::Rule::alias, "an attribute that was not claimed");
	});
	const CpuAddr addr = make_mapping(run, Use::region, cacheable);

	primitives_.map(pages_at(addr, run), cacheable ? Attr::cached : Attr::uncached);
	return addr;
}

void SimulatedMachine::unmap(CpuAddr addr, FrameRun run) noexcept
{
	note(DMAMAP_STEP_UNMAP, run);
	end_mapping(addr, run, Use::region);
	primitives_.unmap(pages_at(addr, run));
}

/* Looks in the page table for a cacheable translation of a frame that is coherent
   or has another attribute too. For adopted memory that is all there is to look
   at: it has no owner that could have cached it. */
void SimulatedMachine::judge_table(FrameRun run)
{
	each_frame(run, [&](Pfn pfn) {
		const auto has = [&](bool cacheable) {
			return table_.any([&](const Translation &to) {
				return to.pfn == pfn && to.cacheable == cacheable;
			});
		};

		if (has(true) && (has(false) || coherent(pfn)))
			break_rule(judge::Rule::alias, "two attributes in the page table");
	});
}

Result<CpuAddr> SimulatedMachine::map_device(FrameRun run, Attribute attribute) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	const CpuAddr addr = make_mapping(run, Use::device, attribute == Attribute::cached);

	judge_table(run);
	return addr;
}

void SimulatedMachine::unmap_device(CpuAddr addr, FrameRun run) noexcept
{
	end_mapping(addr, run, Use::device);
}

/* Bytes */

void SimulatedMachine::flush(FrameRun run, CpuAddr addr) noexcept
{
	note(DMAMAP_STEP_FLUSH, run);
	for (std::uint64_t i = 0; i < run.pages.count(); ++i) {
		const auto entry = table_.entry(page_of(addr, i));

		if (!entry || entry->pfn != run.first + i)
			break_rule(judge::Rule::bad_flush, "a flush of something else");
	}
	primitives_.flush(pages_at(addr, run), home_pages(run));
}

void SimulatedMachine::barrier() noexcept
{
	note(DMAMAP_STEP_BARRIER, {});
	primitives_.barrier();
}

void SimulatedMachine::zero(CpuAddr addr, Pages pages) noexcept
{
	note(DMAMAP_STEP_ZERO, {Pfn(), pages});
	for (std::uint64_t i = 0; i < pages.count(); ++i) {
		const auto entry = table_.entry(page_of(addr, i));

		if (!entry) {
			break_rule(judge::Rule::bad_flush, "zeroes to nowhere");
			continue;
		}
		fill(entry->pfn, 0);
		primitives_.store(pages_at(page_of(addr, i), {entry->pfn, Pages(1)}),
				  judge::Value::zero, kLines);
	}
}

std::optional<Value> SimulatedMachine::read(unsigned, CpuAddr addr)
{
	const auto to = table_.entry(addr);

	if (!to)
		return std::nullopt;
	return memory_[line_at(to->pfn, addr.raw())];
}

bool SimulatedMachine::write(unsigned cpu, CpuAddr addr, Value value)
{
	const auto to = table_.entry(addr);

	if (!to)
		return false;
	const Line line = line_at(to->pfn, addr.raw());

	memory_[line] = value;
	if (to->use == Use::region)
		feed({.op = Op::store, .cpu = std::uint8_t(cpu), .value = judge::Value::fresh,
		      .line = std::uint32_t(line.index), .va = number_of(addr),
		      .pfn = to->pfn.raw()});
	return true;
}

Value SimulatedMachine::read(const Device &device, BusAddr addr)
{
	const PhysAddr phys(addr.raw() - device.offset);

	return memory_[line_at(to_pfn(phys), phys.raw())];
}

void SimulatedMachine::write(const Device &device, BusAddr addr, Value value)
{
	const PhysAddr phys(addr.raw() - device.offset);
	const FrameRun frame{to_pfn(phys), Pages(1)};

	memory_[line_at(frame.first, phys.raw())] = value;
	if (coherent(frame.first)) {
		mark(Op::start, frame);
		mark(Op::quiet, frame);
	}
}

/* Knobs and records */

void SimulatedMachine::note(u32 step, FrameRun run, u32 value)
{
	const bool quick = step == DMAMAP_STEP_LEND || step == DMAMAP_STEP_RECALL ||
			   step == DMAMAP_STEP_ZERO || step == DMAMAP_STEP_BARRIER;

	if (locked_ || (atomic_ && !quick))
		break_rule(judge::Rule::stuck, "a step that may sleep where none may");
	steps_.push_back({run.first.raw(), run.pages.count(), step, value});
}

bool SimulatedMachine::fails()
{
	if (fail_in_ == 0 || --fail_in_ != 0)
		return false;
	fail_in_ = std::exchange(fail_again_in_, 0);
	++failures_;
	feed({.op = Op::fails});
	return true;
}

void SimulatedMachine::break_rule(judge::Rule rule, std::string what)
{
	if (std::ranges::none_of(violations_, [&](auto &v) { return v.rule == rule; }))
		violations_.push_back({rule, std::move(what)});
}

} // namespace dmamap::sim
