// SPDX-License-Identifier: GPL-2.0
#include "kunit/machine/machine.h"

#include "kunit/machine/each.h"

namespace dmamap::sim {
namespace {

constexpr CpuAddr kLinearMap{0xc000'0000};
constexpr Value kSecret = 0x5ec2e7;   // what the last user of a frame left

CpuAddr page_of(CpuAddr addr, std::uint64_t page)
{
	return addr + (page << kPageShift);
}

} // namespace

SimulatedMachine::SimulatedMachine(const Profile &profile)
	: profile_(profile), supply_(profile), translations_(profile.cpus)
{
	each_frame({Profile::kRam, Pages(profile.lowmem)}, [&](Pfn pfn) {
		translations_.set(linear_address(pfn), {pfn, Use::linear, true});
	});
}

/* Supply */

Result<FrameRun> SimulatedMachine::taken(Result<FrameRun> run)
{
	if (!run)
		return run;
	note(DMAMAP_STEP_TAKE, *run);
	each_frame(*run, [&](Pfn pfn) { leave_traces(pfn); });
	settle();
	return run;
}

/*
 * The last user wrote, some of it is in memory and some still in the cache. It
 * used the linear address, or a pkmap slot that nobody has taken since, and
 * had the frame in a vmap area whose TLB entries wait to be purged.
 */
void SimulatedMachine::leave_traces(Pfn pfn)
{
	const CpuAddr pkmap = kLinearMap + (1ull << 28) + to_phys(pfn).raw();
	const CpuAddr vmap = kLinearMap + (1ull << 29) + to_phys(pfn).raw();

	if (!in_lowmem(pfn))
		translations_.set(pkmap, {pfn, Use::lazy, true});
	translations_.set(vmap, {pfn, Use::lazy, true});
	for (unsigned cpu = 0; cpu < translations_.cpus(); ++cpu)
		for (CpuAddr addr : {linear_address(pfn), pkmap, vmap})
			translations_.use(cpu, addr);
	translations_.clear(vmap);
	each_line(pfn, [&](Line line) {
		memory_.write(line, kSecret + line.index);
		cache_.store(line, kSecret + line.index + kLines);
	});
}

Result<FrameRun> SimulatedMachine::take_cma(Pages pages) noexcept
{
	return fails() ? fail(Errno::nomem) : taken(supply_.take_cma(pages));
}

Result<FrameRun> SimulatedMachine::take_pages(Pages pages, Reach reach) noexcept
{
	return fails() ? fail(Errno::nomem) : taken(supply_.take_pages(pages, reach));
}

void SimulatedMachine::give(FrameRun run, bool to_cma)
{
	note(DMAMAP_STEP_GIVE, run);
	if (!supply_.give(run, to_cma))
		break_rule(Rule::not_owned, run.first);
	judge_parting(run);
	each_frame(run, [&](Pfn pfn) {
		if (in_lowmem(pfn) && linear(pfn) != Linear::cached)
			break_rule(Rule::given_open, pfn);
		if (translations_.stale(pfn, Use::linear))
			break_rule(Rule::given_stale, pfn);
		if (memory_.in_flight(pfn))
			break_rule(Rule::in_flight, pfn);
	});
	settle();
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
		break_rule(Rule::not_owned, run.first);
	judge_parting(run);
	settle();
}

Result<BusAddr> SimulatedMachine::bus_address(void *device, FrameRun run) noexcept
{
	const auto &dev = *static_cast<Device *>(device);
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

bool SimulatedMachine::is_kernel_memory(FrameRun run) noexcept
{
	return run.first < profile_.reserved_begin() && run.end() > Profile::kRam;
}

void SimulatedMachine::drop_lazy_aliases(FrameRun run) noexcept
{
	note(DMAMAP_STEP_DROP_LAZY, run);
	translations_.drop(Use::lazy);
	settle();
}

Linear SimulatedMachine::linear(Pfn pfn) noexcept
{
	const auto entry = translations_.entry(linear_address(pfn));

	if (!in_lowmem(pfn))
		return Linear::none;
	if (!entry)
		return Linear::absent;
	return entry->cacheable ? Linear::cached : Linear::uncached;
}

Result<void> SimulatedMachine::set_linear(Pfn pfn, Linear linear) noexcept
{
	note(DMAMAP_STEP_SET_LINEAR, {pfn, Pages(1)}, static_cast<u32>(linear));
	if (fails())
		return fail(Errno::nomem);
	if (!profile_.linear_editable || !in_lowmem(pfn) || linear == Linear::none)
		return fail(Errno::nodev);
	if (linear == Linear::absent)
		translations_.clear(linear_address(pfn));
	else
		translations_.set(linear_address(pfn),
				  {pfn, Use::linear, linear == Linear::cached});
	settle();
	return {};
}

void SimulatedMachine::purge_linear(FrameRun run) noexcept
{
	note(DMAMAP_STEP_PURGE, run);
	each_frame(run, [&](Pfn pfn) { translations_.purge(linear_address(pfn)); });
	settle();
}

Result<void> SimulatedMachine::claim(FrameRun run, Attribute attribute) noexcept
{
	bool taken = false;

	note(DMAMAP_STEP_CLAIM, run);
	each_frame(run, [&](Pfn pfn) { taken |= claims_.contains(pfn); });
	if (fails() || taken)
		return fail(Errno::busy);
	each_frame(run, [&](Pfn pfn) { claims_[pfn] = attribute; });
	return {};
}

void SimulatedMachine::release(FrameRun run) noexcept
{
	note(DMAMAP_STEP_RELEASE, run);
	each_frame(run, [&](Pfn pfn) {
		if (!claims_.erase(pfn))
			break_rule(Rule::not_owned, pfn);
	});
	settle();
}

CpuAddr SimulatedMachine::make_mapping(FrameRun run, Use use, bool cacheable)
{
	const CpuAddr addr = next_mapping_;

	for (std::uint64_t i = 0; i < run.pages.count(); ++i)
		translations_.set(page_of(addr, i), {run.first + i, use, cacheable});
	next_mapping_ = page_of(addr, run.pages.count() + 1);   // a hole behind each
	settle();
	return addr;
}

void SimulatedMachine::end_mapping(CpuAddr addr, FrameRun run, Use use)
{
	for (std::uint64_t i = 0; i < run.pages.count(); ++i) {
		const auto entry = translations_.entry(page_of(addr, i));

		if (!entry || entry->use != use || entry->pfn != run.first + i)
			break_rule(Rule::not_owned, run.first + i);
		translations_.clear(page_of(addr, i));
		translations_.purge(page_of(addr, i));
	}
	settle();
}

Result<CpuAddr> SimulatedMachine::map(FrameRun run, Attribute attribute) noexcept
{
	note(DMAMAP_STEP_MAP, run);
	if (fails())
		return fail(Errno::nomem);
	each_frame(run, [&](Pfn pfn) {
		if (auto found = claims_.find(pfn);
		    found == claims_.end() || found->second != attribute)
			break_rule(Rule::unclaimed, pfn);
	});
	return make_mapping(run, Use::region, attribute == Attribute::cached);
}

void SimulatedMachine::unmap(CpuAddr addr, FrameRun run) noexcept
{
	note(DMAMAP_STEP_UNMAP, run);
	end_mapping(addr, run, Use::region);
}

Result<CpuAddr> SimulatedMachine::map_device(FrameRun run, Attribute attribute) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	return make_mapping(run, Use::device, attribute == Attribute::cached);
}

void SimulatedMachine::unmap_device(CpuAddr addr, FrameRun run) noexcept
{
	end_mapping(addr, run, Use::device);
}

/* Directory */

Result<void> SimulatedMachine::publish(FrameRun run, void *owner) noexcept
{
	bool taken = false;

	note(DMAMAP_STEP_PUBLISH, run);
	if (fails())
		return fail(Errno::nomem);
	each_frame(run, [&](Pfn pfn) { taken |= directory_.contains(pfn); });
	if (taken)
		return fail(Errno::busy);
	each_frame(run, [&](Pfn pfn) { directory_[pfn] = owner; });
	judge_published(run);
	settle();
	return {};
}

void SimulatedMachine::withdraw(FrameRun run) noexcept
{
	note(DMAMAP_STEP_WITHDRAW, run);
	each_frame(run, [&](Pfn pfn) {
		if (!directory_.erase(pfn))
			break_rule(Rule::not_owned, pfn);
	});
	settle();
}

/* Bytes */

void SimulatedMachine::flush(FrameRun run, CpuAddr addr) noexcept
{
	note(DMAMAP_STEP_FLUSH, run);
	for (std::uint64_t i = 0; i < run.pages.count(); ++i) {
		const Pfn pfn = run.first + i;

		if (!profile_.flush_alias) {
			const auto to = translations_.use(0, page_of(addr, i));

			if (!to || to->pfn != pfn) {
				break_rule(Rule::no_translation, pfn);
				continue;   // skipped without a word, as fdc is
			}
		}
		each_line(pfn, [&](Line line) {
			if (auto content = cache_.take(line); content && content->dirty)
				memory_.hold(line, content->value, Memory::Held::write_back);
		});
	}
	settle();
}

void SimulatedMachine::barrier() noexcept
{
	note(DMAMAP_STEP_BARRIER, {});
	memory_.drain();
	settle();
}

void SimulatedMachine::store(const Translation &to, std::uint64_t byte, Value value)
{
	const Line line = line_at(to.pfn, byte);

	if (to.cacheable)
		cache_.store(line, value);
	else
		memory_.hold(line, value, Memory::Held::store);
}

void SimulatedMachine::zero(CpuAddr addr, Pages pages) noexcept
{
	note(DMAMAP_STEP_ZERO, {Pfn(), pages});
	for (std::uint64_t byte = 0; byte < pages.bytes(); byte += kPageBytes / kLines) {
		if (auto to = translations_.use(0, addr + byte))
			store(*to, byte, 0);
		else
			break_rule(Rule::no_translation, Pfn());
	}
	settle();
}

/* Knobs and records */

void SimulatedMachine::note(u32 step, FrameRun run, u32 value)
{
	steps_.push_back({run.first.raw(), run.pages.count(), step, value});
}

bool SimulatedMachine::fails()
{
	if (fail_in_ == 0 || --fail_in_ != 0)
		return false;
	fail_in_ = std::exchange(fail_again_in_, 0);
	++failures_;
	return true;
}

SimulatedMachine::State SimulatedMachine::state() const
{
	State state{supply_.frames(), translations_.table(), claims_, directory_};

	std::erase_if(state.translations,
		      [](const auto &entry) { return entry.second.use == Use::lazy; });
	return state;
}

} // namespace dmamap::sim
