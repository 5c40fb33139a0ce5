-- SPDX-License-Identifier: GPL-2.0
--
-- Strategy snooped: the device snoops the caches of the CPUs. Region and linear
-- translation are the same, cached for ever, so there is nothing to flip and no
-- TLB to look at: I1, I1c, I2 and I6 have no meaning here. CPUs keep their caches
-- coherent with each other. The CPU that runs the program matters only for its
-- store buffer, and no other CPU reads from that.
--
-- Sources as in machine.m. agree.py puts the program at "-- order".

const
  -- False: the device doesn't snoop, although it is said to.
  kSnoops : true;

type
  Line : 0 .. 1;
  -- Old: data of the last user, a secret. Zero: the region starts with it. New:
  -- written by CPU (line 0) and device (line 1) for each other.
  Value : enum { Old, Zero, New };
  Word : enum {
    w_take, w_barrier, w_zero, w_zero_skip_last, w_flush, w_flush_clean,
    w_flush_invalidate, w_publish, w_use, w_quiet, w_withdraw, w_give
  };

-- order

var
  pc : 0 .. kWords - 1;
  sub : 0 .. 2;

  -- Memory, the cache before it (undefined: not in it), write-backs on their way,
  -- and stores that wait in the buffer of the CPU.
  mem : array [Line] of Value;
  cache : array [Line] of Value;
  dirty : array [Line] of boolean;
  writeback : array [Line] of Value;
  store : array [Line] of Value;

  ordinary : boolean;   -- its owner uses the frame
  published : boolean;  -- others find the region and its bus address
  running : boolean;    -- the device works on it
  posted : boolean;     -- a device write that has not landed

  -- No hardware: the value that every reader of a line has to see.
  told : array [Line] of Value;

function CachedView(l : Line) : Value;
begin
  if !isundefined(cache[l]) then return cache[l]; end;
  if !isundefined(writeback[l]) then return writeback[l]; end;
  return mem[l];
end;

-- SDM 12.3 (write-back: caches snoop what other masters do).
function DeviceView(l : Line) : Value;
begin
  if kSnoops then return CachedView(l); end;
  return mem[l];
end;

function OwnView(l : Line) : Value;
begin
  if !isundefined(store[l]) then return store[l]; end;
  return CachedView(l);
end;

function StoresHeld() : boolean;
begin
  return exists l : Line do !isundefined(store[l]) end;
end;

function AnythingHeld() : boolean;
begin
  return StoresHeld() | exists l : Line do !isundefined(writeback[l]) end;
end;

function Coherent() : boolean;
begin
  return published | running | posted;
end;

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

procedure Store(l : Line; value : Value);
begin
  store[l] := value;
  told[l] := value;
end;

procedure Drop(l : Line);
begin
  undefine cache[l];
  dirty[l] := false;
end;

function CanClean(l : Line) : boolean;
begin
  return !dirty[l] | isundefined(writeback[l]);
end;

procedure Clean(l : Line);
begin
  if dirty[l] then
    writeback[l] := cache[l];
    dirty[l] := false;
  end;
end;

-- Caches and buffers

ruleset l : Line do
  -- The frame is cacheable all the time. SDM 12.7, ARM B2.2.
  rule "machine: prefetch of a line"
    isundefined(cache[l])
  ==>
    cache[l] := CachedView(l);
  end;

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

  rule "machine: a write-back arrives in memory"
    !isundefined(writeback[l])
  ==>
    mem[l] := writeback[l];
    undefine writeback[l];
  end;

  -- SDM 12.10 (store buffer). In any order, which x86 doesn't, but others do.
  rule "machine: a store arrives in the cache"
    !isundefined(store[l])
  ==>
    cache[l] := store[l];
    dirty[l] := true;
    undefine store[l];
  end;

  rule "owner: store"
    ordinary
  ==>
    cache[l] := Old;
    dirty[l] := true;
    told[l] := Old;
  end;
end;

rule "device: posts a write of line 1"
  running & !posted
==>
  posted := true;
end;

-- A snooped write takes the line out of caches and overtakes no write-back.
rule "device: its write lands"
  posted
==>
  if kSnoops then
    Drop(1);
    undefine writeback[1];
  end;
  mem[1] := New;
  told[1] := New;
  posted := false;
end;

-- The layer

rule "take"
  Now(w_take)
==>
  ordinary := false;
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
  Store(sub, Zero);
  NextSub(1);
end;

rule "zero-skip-last"
  Now(w_zero_skip_last)
==>
  Store(0, Zero);
  Next();
end;

-- Flushes wait for older stores to the line (SDM vol. 2A, CLFLUSH).
rule "flush"
  Now(w_flush) & isundefined(store[sub]) & CanClean(sub)
==>
  Clean(sub);
  Drop(sub);
  NextSub(1);
end;

rule "flush-clean"
  Now(w_flush_clean) & isundefined(store[sub]) & CanClean(sub)
==>
  Clean(sub);
  NextSub(1);
end;

rule "flush-invalidate"
  Now(w_flush_invalidate) & isundefined(store[sub])
==>
  Drop(sub);
  NextSub(1);
end;

-- The directory of regions is behind a lock: code that finds the region sees all
-- stores before the unlock (Documentation/memory-barriers.txt, RELEASE).
rule "publish"
  Now(w_publish) & !StoresHeld()
==>
  published := true;
  Next();
end;

rule "withdraw"
  Now(w_withdraw)
==>
  published := false;
  Next();
end;

rule "use: start"
  Now(w_use) & sub = 0
==>
  running := true;
  Store(0, New);
  sub := 1;
end;

-- The driver's own barrier: from now on the device may read line 0, see I4.
rule "use: barrier"
  Now(w_use) & sub = 1 & !StoresHeld()
==>
  sub := 2;
end;

rule "use: read"
  Now(w_use) & sub = 2 & told[1] = New
==>
  for l : Line do
    assert "I3 the CPU reads the last user's data" OwnView(l) != Old;
    assert "I4 the CPU reads something else than was written last"
      OwnView(l) = told[l];
  end;
  Next();
end;

rule "quiet: stop"
  Now(w_quiet) & sub = 0
==>
  Store(0, New);
  running := false;
  sub := 1;
end;

rule "quiet: read back"
  Now(w_quiet) & sub = 1 & !posted
==>
  Next();
end;

-- The allocator's lock is a release like that of the directory.
rule "give"
  Now(w_give) & !StoresHeld()
==>
  assert "I7 given back while the device may reach it" !Coherent();
  ordinary := true;
  Next();
end;

-- What must hold. The first word of a name is what agree.py reports.

invariant "I3 the last user's data can be seen"
  Coherent() -> forall l : Line do DeviceView(l) != Old & CachedView(l) != Old end;

invariant "I4 a write is lost or overwritten"
  Coherent() -> forall l : Line do
    !isundefined(store[l]) | (DeviceView(l) = told[l] & CachedView(l) = told[l])
  end;

-- include invariants.m

startstate "ordinary memory"
  StartMemory();
end;
