-- SPDX-License-Identifier: GPL-2.0
--
-- Strategy highmem on ARMv7: the frame has no linear translation, so close, purge
-- and reopen do nothing. Earlier use has left pkmap slots, and no more. TLBs are
-- filled by hardware from the page table at any time; a purge is broadcast.

-- include machine.m
-- include owners.m

-- ARM B3.9 and B3.10.1: an entry that gives no fault may be taken into a TLB at any
-- time, speculatively too.
ruleset c : Cpu do
  rule "machine: walker fills a lazy entry"
    pt_lazy & !tlb_lazy[c]
  ==>
    tlb_lazy[c] := true;
  end;

  rule "machine: walker fills a region entry"
    pt_region & !tlb_region[c]
  ==>
    tlb_region[c] := true;
  end;
end;

-- mm/highmem.c, kunmap_high(): the slot keeps its translation until slots run out
-- or flush_all_zero_pkmaps() is called. So the owner's kmap outlives its kunmap.
rule "owner: kmap"
  ordinary & !pt_lazy
==>
  pt_lazy := true;
end;

rule "take"
  Now(w_take)
==>
  ordinary := false;
  Next();
end;

-- mm/highmem.c, flush_all_zero_pkmaps(): pte_clear(), then one
-- flush_tlb_kernel_range(). ARM B3.10: TLBIMVAAIS acts on all CPUs of the inner
-- shareable domain, and the DSB after it waits for all of them.
rule "lazy: page table"
  Now(w_lazy) & sub = 0
==>
  pt_lazy := false;
  sub := 1;
end;

rule "lazy: TLBs"
  Now(w_lazy) & sub = 1
==>
  for c : Cpu do tlb_lazy[c] := false; end;
  Next();
end;

rule "close, purge, purge-local, reopen: no linear translation"
  Now(w_close) | Now(w_purge) | Now(w_purge_local) | Now(w_reopen)
==>
  Next();
end;

-- mm/vmalloc.c, vunmap_range(): first the page table, then the TLBs.
rule "unmap: page table"
  Now(w_unmap) & sub = 0
==>
  pt_region := false;
  sub := 1;
end;

rule "unmap: TLBs"
  Now(w_unmap) & sub = 1
==>
  for c : Cpu do tlb_region[c] := false; end;
  Next();
end;

rule "unmap-lazy"
  Now(w_unmap_lazy)
==>
  pt_region := false;
  Next();
end;

-- DCCIMVAC through the region: ARM B2.2, maintenance by MVA goes through a
-- translation, which may fault, and acts on the line whatever its attribute is.
rule "flush"
  Now(w_flush) & CanClean(sub)
==>
  TouchRegion();
  Clean(sub);
  Drop(sub);
  NextSub(1);
end;

-- DCCMVAC
rule "flush-clean"
  Now(w_flush_clean) & CanClean(sub)
==>
  TouchRegion();
  Clean(sub);
  NextSub(1);
end;

-- DCIMVAC
rule "flush-invalidate"
  Now(w_flush_invalidate)
==>
  TouchRegion();
  Drop(sub);
  NextSub(1);
end;

rule "flush-skip-last"
  Now(w_flush_skip_last) & CanClean(0)
==>
  TouchRegion();
  Clean(0);
  Drop(0);
  Next();
end;

startstate "ordinary memory"
  StartMachine(None);
end;
