-- SPDX-License-Identifier: GPL-2.0
--
-- Who has the frame, on every machine: the driver and the device that it is lent
-- to, the page allocator that gets it back.

rule "publish"
  Now(w_publish)
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

-- The CPU has seen the device's write and reads.
rule "use: read"
  Now(w_use) & sub = 2 & told[1] = New
==>
  TouchRegion();
  for l : Line do
    assert "I3 the CPU reads the last user's data" RegionView(l) != Old;
    assert "I4 the CPU reads something else than was written last"
      RegionView(l) = told[l];
  end;
  Next();
end;

-- The driver writes once more before it lets go, without a barrier: nobody waits
-- for that.
rule "quiet: stop"
  Now(w_quiet) & sub = 0
==>
  TouchRegion();
  StoreUncached(0, New);
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
  assert "I7 given back while the device may reach it" !Coherent();
  assert "I7 given back without its linear translation"
    pt_linear = None | pt_linear = Cached;
  assert "I7 given back with a stale linear TLB entry"
    forall c : Cpu do tlb_linear[c] != UncachedEntry end;
  assert "I1c given back while claimed" !claimed;
  ordinary := true;
  Next();
end;
