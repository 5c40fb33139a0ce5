-- SPDX-License-Identifier: GPL-2.0
--
-- The part that highmem.m, unmap.m and purge.m have in common: one frame of two
-- lines, two CPUs, one device that doesn't snoop, and the program of the layer.
-- Each of the three includes it by the line "-- include machine.m", and then
-- invariants.m and owners.m (the owners of the frame) in the same way. agree.py
-- expands these lines, and puts the program in place of "-- order". Strategies differ
-- in how translations come into TLBs and leave them: each file has its own rules for
-- that, or includes those that it shares with one other.
--
-- What hardware may do is a rule that may fire between any two steps of the
-- program. Sources: "ARM" is DDI 0406C; "SDM" is Intel's vol. 3A, chapters as of
-- 2023 (in older ones 5 was 4, 9 was 8, 12 was 11); "PA" is the PA-RISC 1.1 manual,
-- third edition; files are those of Linux 6.12.

type
  Cpu : 0 .. 1;
  Line : 0 .. 1;
  -- Old: data of the last user, a secret. Zero: the region starts with it. New:
  -- written by CPU (line 0) and device (line 1) for each other. Past: New of an
  -- owner that had the frame before, a secret like Old.
  Value : enum { Old, Past, Zero, New };
  Linear : enum { None, Absent, Uncached, Cached };
  Entry : enum { NoEntry, UncachedEntry, CachedEntry };
  Word : enum {
    w_take, w_claim, w_lazy, w_lazy_local, w_close, w_purge, w_purge_local, w_map, w_flush,
    w_flush_linear, w_flush_clean, w_flush_invalidate, w_flush_skip_last,
    w_barrier, w_zero, w_zero_linear, w_zero_skip_last, w_idle, w_publish, w_use,
    w_quiet, w_withdraw, w_unmap, w_unmap_lazy, w_reopen, w_release, w_give
  };

-- order

var
  -- The program: the next word, the next of its sub-steps, the CPU of the task.
  pc : 0 .. kWords - 1;
  sub : 0 .. 2;
  task : Cpu;

  -- Page tables. A lazy alias is a pkmap slot or a vmap.
  pt_linear : Linear;
  pt_lazy : boolean;
  pt_region : boolean;

  -- TLBs.
  tlb_linear : array [Cpu] of Entry;
  tlb_lazy : array [Cpu] of boolean;
  tlb_region : array [Cpu] of boolean;

  -- Memory, the cache in front of it (undefined: the line is not in it; CPUs
  -- keep their caches coherent with each other, so one is enough), write-backs on
  -- their way, and uncached stores of the task's CPU that wait in its buffer.
  mem : array [Line] of Value;
  cache : array [Line] of Value;
  dirty : array [Line] of boolean;
  writeback : array [Line] of Value;
  store : array [Line] of Value;

  -- The owners of the frame.
  ordinary : boolean;   -- its owner uses it as cached memory
  held : boolean;       -- the layer keeps it, coherent, for no region
  claimed : boolean;    -- the attribute is known to all code that maps frames
  published : boolean;  -- the bus address is known
  running : boolean;    -- the device works on it
  posted : boolean;     -- a device write has not landed yet

  -- No hardware: the value that every reader of a line has to see.
  told : array [Line] of Value;

-- Views


-- A read through the cache. A write-back that waits still answers reads of CPUs.
function CachedView(l : Line) : Value;
begin
  if !isundefined(cache[l]) then return cache[l]; end;
  if !isundefined(writeback[l]) then return writeback[l]; end;
  return mem[l];
end;

-- A read through the region. It isn't cached, so caches and their write-backs are
-- passed by.
function RegionView(l : Line) : Value;
begin
  if !isundefined(store[l]) then return store[l]; end;
  return mem[l];
end;

function StoresHeld() : boolean;
begin
  return exists l : Line do !isundefined(store[l]) end;
end;

function AnythingHeld() : boolean;
begin
  return StoresHeld() | exists l : Line do !isundefined(writeback[l]) end;
end;

function CacheableEntry(c : Cpu) : boolean;
begin
  return tlb_linear[c] = CachedEntry | tlb_lazy[c];
end;

function CacheableSomewhere() : boolean;
begin
  return pt_linear = Cached | pt_lazy | exists c : Cpu do CacheableEntry(c) end;
end;

function RegionLives() : boolean;
begin
  return pt_region | exists c : Cpu do tlb_region[c] end;
end;

-- A driver or the device counts on the region, and on the values in it.
function Lent() : boolean;
begin
  return published | running | posted;
end;

function Coherent() : boolean;
begin
  return held | Lent();
end;

function Secret(v : Value) : boolean;
begin
  return v = Old | v = Past;
end;

-- The parts of programs

procedure Next();
begin
  sub := 0;
  pc := (pc + 1) % kWords;
end;

procedure NextSub(last : 0 .. 2);
begin
  if sub = last then Next(); else sub := sub + 1; end;
end;

function Now(w : Word) : boolean;
begin
  return Program(pc) = w;
end;

-- An access through the region by the task's CPU.
procedure TouchRegion();
begin
  assert "I6 access without a translation" pt_region | tlb_region[task];
  tlb_region[task] := true;
end;

procedure StoreUncached(l : Line; value : Value);
begin
  store[l] := value;
  told[l] := value;
end;

procedure StoreCached(l : Line; value : Value);
begin
  cache[l] := value;
  dirty[l] := true;
  told[l] := value;
end;

-- The layer's zeroes. A region that has the frame did not write them and has to
-- see its own value still, so zeroes over a published frame are a lost write.
procedure StoreZero(l : Line; cached : boolean);
var mine : Value;
begin
  mine := told[l];
  if cached then StoreCached(l, Zero); else StoreUncached(l, Zero); end;
  if published then told[l] := mine; end;
end;

-- An access through the linear address by the task's CPU needs a translation and
-- leaves it in the TLB. On PA-RISC even fdc does: arch/parisc/kernel/entry.S,
-- nadtlb_miss_11.
procedure TouchLinear();
begin
  assert "I6 access without a translation"
    tlb_linear[task] != NoEntry | pt_linear = Cached | pt_linear = Uncached;
  if tlb_linear[task] = NoEntry then
    tlb_linear[task] := (pt_linear = Cached) ? CachedEntry : UncachedEntry;
  end;
end;

procedure Drop(l : Line);
begin
  undefine cache[l];
  dirty[l] := false;
end;

-- Whether an older write-back of the line has arrived, for which Clean() waits.
function CanClean(l : Line) : boolean;
begin
  return !dirty[l] | isundefined(writeback[l]);
end;

-- Starts the write-back, no more. A barrier waits until it has arrived.
-- ARM A3.8.3 (DSB completes maintenance); SDM vol. 2A, CLFLUSHOPT (a fence orders
-- it); PA, instructions FDC and SYNC.
procedure Clean(l : Line);
begin
  if dirty[l] then
    writeback[l] := cache[l];
    dirty[l] := false;
  end;
end;

-- Caches and buffers

-- Any line may be filled at any time, through any cacheable translation in a TLB.
-- ARM A3.5.7 and B2.2 (speculative reads); SDM 12.7 (implicit caching); PA
-- chapter 3 (move-in) and arch/parisc/kernel/cache.c, __flush_cache_page(): "the
-- CPU is entitled to speculate any page with a TLB mapping".
ruleset c : Cpu; l : Line do
  rule "machine: prefetch of a line"
    CacheableEntry(c) & isundefined(cache[l])
  ==>
    cache[l] := CachedView(l);
  end;
end;

-- A line may leave a cache at any time. ARM B2.2 (cache behavior); SDM 12.3
-- (write-back); PA chapter 3.
ruleset l : Line do
  rule "machine: eviction of a clean line"
    !isundefined(cache[l]) & !dirty[l]
  ==>
    Drop(l);
  end;

  rule "machine: eviction of a dirty line"
    dirty[l] & CanClean(l)
  ==>
    Clean(l);
    Drop(l);
  end;
end;

-- Nothing but a barrier orders write-backs and uncached stores to one line. ARM
-- A3.5.7 and A3.8 (mismatched attributes lose order); SDM 12.3.1 (write combining
-- buffers are emptied in any order); PA, instructions SYNC and SYNCDMA.
ruleset l : Line do
  rule "machine: a write-back arrives in memory"
    !isundefined(writeback[l])
  ==>
    mem[l] := writeback[l];
    undefine writeback[l];
  end;

  rule "machine: an uncached store arrives in memory"
    !isundefined(store[l])
  ==>
    mem[l] := store[l];
    undefine store[l];
  end;
end;

-- Stores of a task have arrived before it runs elsewhere: kernel/sched/core.c,
-- __schedule(), smp_mb__after_spinlock(); arch/arm/include/asm/switch_to.h.
rule "machine: the task migrates"
  !ordinary & !StoresHeld()
==>
  task := 1 - task;
end;

-- TLBs: an entry may leave at any time. ARM B3.9, SDM 5.10.2, PA chapter 3.
ruleset c : Cpu do
  rule "machine: a linear entry leaves the TLB"
    tlb_linear[c] != NoEntry
  ==>
    tlb_linear[c] := NoEntry;
  end;

  rule "machine: a lazy entry leaves the TLB"
    tlb_lazy[c]
  ==>
    tlb_lazy[c] := false;
  end;

  rule "machine: a region entry leaves the TLB"
    tlb_region[c]
  ==>
    tlb_region[c] := false;
  end;
end;

-- The owner of ordinary memory uses any cacheable entry.
ruleset c : Cpu; l : Line do
  rule "owner: load"
    ordinary & CacheableEntry(c) & isundefined(cache[l])
  ==>
    cache[l] := CachedView(l);
  end;

  rule "owner: store"
    ordinary & CacheableEntry(c)
  ==>
    StoreCached(l, Old);
  end;
end;

-- Writes of the device are posted: each lands at any time, unless the driver waits
-- for it (PCI 2.2, 3.2.5: posting). They are not snooped: they pass caches by.
rule "device: posts a write of line 1"
  running & !posted
==>
  posted := true;
end;

rule "device: its write lands"
  posted
==>
  mem[1] := New;
  told[1] := New;
  posted := false;
end;

-- The layer: words that mean the same on each machine

rule "claim"
  Now(w_claim)
==>
  claimed := true;
  Next();
end;

rule "release"
  Now(w_release)
==>
  claimed := false;
  Next();
end;

rule "map"
  Now(w_map)
==>
  pt_region := true;
  Next();
end;

rule "barrier"
  Now(w_barrier) & !AnythingHeld()
==>
  Next();
end;

rule "zero"
  Now(w_zero)
==>
  TouchRegion();
  StoreZero(sub, false);
  NextSub(1);
end;

rule "zero-skip-last"
  Now(w_zero_skip_last)
==>
  TouchRegion();
  StoreZero(0, false);
  Next();
end;

rule "zero-linear"
  Now(w_zero_linear)
==>
  TouchLinear();
  StoreZero(sub, tlb_linear[task] = CachedEntry);
  NextSub(1);
end;

-- A flush through the linear address: lines may come back through it, and on
-- PA-RISC its translation comes back.
rule "flush-linear"
  Now(w_flush_linear) & CanClean(sub)
==>
  TouchLinear();
  Clean(sub);
  Drop(sub);
  NextSub(1);
end;

procedure StartTranslations(linear : Linear);
begin
  clear task;
  pt_linear := linear;
  pt_lazy := false;
  pt_region := false;
  for c : Cpu do
    tlb_linear[c] := NoEntry;
    tlb_lazy[c] := false;
    tlb_region[c] := false;
  end;
  held := false;
  claimed := false;
end;

-- What must hold. The first word of a name is what agree.py reports.

invariant "I1 cacheable translation of a coherent frame or beside its region"
  (Coherent() | RegionLives()) -> !CacheableSomewhere();

invariant "I1c mapped without a claim"
  pt_region -> claimed;

invariant "I2 a line of a coherent frame is in a cache"
  Coherent() -> forall l : Line do isundefined(cache[l]) end;

invariant "I3 the device can see the last user's data"
  Lent() -> forall l : Line do !Secret(mem[l]) end;

-- A held store has not arrived and is no loss; barriers see to it that it arrives.
invariant "I4 a write is lost or overwritten"
  Lent() -> forall l : Line do !isundefined(store[l]) | mem[l] = told[l] end;
