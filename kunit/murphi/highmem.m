-- SPDX-License-Identifier: GPL-2.0
--
-- Strategy highmem on ARMv7: the frame has no linear translation, so close, purge
-- and reopen do nothing. Earlier use has left pkmap slots, or
-- slots of kmap_local_page() in TLBs, and no more. TLBs are
-- filled by hardware from the page table at any time; a purge is broadcast.

-- include machine.m
-- include invariants.m
-- include owners.m

-- ARM B3.9 and B3.10.1: an entry that gives no fault may be taken into a TLB at any
-- time, speculatively too.
-- include walker.m

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

-- arch/arm/include/asm/highmem.h, arch_kmap_local_post_unmap(): kunmap_local() clears
-- the entry, and purges the TLB of its own CPU only.
rule "lazy-local: page table"
  Now(w_lazy_local) & sub = 0
==>
  pt_lazy := false;
  sub := 1;
end;

rule "lazy-local: TLB"
  Now(w_lazy_local) & sub = 1
==>
  tlb_lazy[task] := false;
  Next();
end;

rule "close, purge, purge-local, reopen: no linear translation"
  Now(w_close) | Now(w_purge) | Now(w_purge_local) | Now(w_reopen)
==>
  Next();
end;

-- mm/vmalloc.c, vunmap_range(): first the page table, then the TLBs.
-- include broadcast.m

-- DCCIMVAC through the region: ARM B2.2, maintenance by MVA goes through a
-- translation, which may fault, and acts on the line whatever attribute that has.
-- DCCMVAC only writes back, DCIMVAC only invalidates.
-- include flush.m

startstate "ordinary memory"
  StartMemory();
  StartTranslations(None);
end;
