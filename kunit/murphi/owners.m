-- SPDX-License-Identifier: GPL-2.0
--
-- The owners of the frame, on every machine: the layer that keeps it, the driver
-- and the device that it is lent to, the page allocator that gets it back. A frame
-- may be lent again and again before it goes back, as often as the order says.

function AfterLending(v : Value) : Value;
begin
  return (v = New) ? Past : v;
end;

-- The layer keeps the frame, coherent, to lend it: from the start, or when it comes
-- back. The region that had it is one of the past then, and so are all values that
-- were written for it, wherever they are: in memory, or still on their way there.
rule "idle"
  Now(w_idle)
==>
  assert "I7 kept while the device works on it" !running & !posted;
  assert "I7 kept, but not the layer's" !ordinary & !held;
  held := true;
  published := false;
  for l : Line do
    mem[l] := AfterLending(mem[l]);
    told[l] := AfterLending(told[l]);
    if !isundefined(store[l]) then store[l] := AfterLending(store[l]); end;
    if !isundefined(writeback[l]) then writeback[l] := AfterLending(writeback[l]); end;
    if !isundefined(cache[l]) then cache[l] := AfterLending(cache[l]); end;
  end;
  Next();
end;

-- A frame that is held can be published too: then it is lent.
rule "publish"
  Now(w_publish)
==>
  assert "I7 lent while somebody has it" !ordinary & !published;
  held := false;
  published := true;
  Next();
end;

-- The frame is found no longer, and the layer does not keep it any more.
rule "withdraw"
  Now(w_withdraw)
==>
  held := false;
  published := false;
  Next();
end;

-- The device starts, and the CPU writes line 0 for it.
rule "use: start"
  Now(w_use) & sub = 0
==>
  TouchRegion();
  running := true;
  StoreUncached(0, New);
  sub := 1;
end;

-- The driver's own barrier: from now on the device may read line 0, see I4.
rule "use: barrier"
  Now(w_use) & sub = 1 & !AnythingHeld()
==>
  sub := 2;
end;

-- The CPU has seen that the device wrote, and reads both lines.
rule "use: read"
  Now(w_use) & sub = 2 & told[1] = New
==>
  TouchRegion();
  for l : Line do
    assert "I3 the CPU reads the last user's data" !Secret(RegionView(l));
    assert "I4 the CPU reads something else than was written last"
      RegionView(l) = told[l];
  end;
  Next();
end;

-- The driver writes once more before it lets go, and does not wait for the write to
-- arrive. If the layer has taken the frame back by then, the driver's region is one
-- of the past, and so is the value.
rule "quiet: stop"
  Now(w_quiet) & sub = 0
==>
  TouchRegion();
  StoreUncached(0, Lent() ? New : Past);
  running := false;
  sub := 1;
end;

rule "quiet: read back"
  Now(w_quiet) & sub = 1 & !posted
==>
  Next();
end;

rule "give"
  Now(w_give)
==>
  assert "I7 given back while its region is mapped" !RegionLives();
  assert "I7 given back with a lazy alias"
    !pt_lazy & forall c : Cpu do !tlb_lazy[c] end;
  assert "I7 given back while it is kept or the device may reach it" !Coherent();
  assert "I7 given back without its linear translation"
    pt_linear = None | pt_linear = Cached;
  assert "I7 given back with a stale linear TLB entry"
    forall c : Cpu do tlb_linear[c] != UncachedEntry end;
  assert "I1c given back while claimed" !claimed;
  ordinary := true;
  Next();
end;
