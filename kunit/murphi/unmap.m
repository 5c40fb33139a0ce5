-- SPDX-License-Identifier: GPL-2.0
--
-- Strategy unmap on x86: the linear translation is absent while the frame is
-- coherent. TLBs are filled by hardware from the page table at any time, and a
-- purge on all CPUs is an interrupt on each: one sub-step for each CPU.

-- include machine.m
-- include invariants.m
-- include owners.m

-- SDM 5.10.2.3: the processor may cache a translation that was never used, if the
-- translation is present; none that is not present is cached.
ruleset c : Cpu do
  rule "machine: walker fills a linear entry"
    pt_linear = Cached & tlb_linear[c] = NoEntry
  ==>
    tlb_linear[c] := CachedEntry;
  end;
end;

-- include walker.m

-- include vmap.m

-- mm/vmalloc.c, _vm_unmap_aliases() -> flush_tlb_kernel_range() -> arch/x86/mm/
-- tlb.c: on_each_cpu().
rule "lazy"
  Now(w_lazy)
==>
  tlb_lazy[sub] := false;
  NextSub(1);
end;

rule "close"
  Now(w_close)
==>
  pt_linear := Absent;
  Next();
end;

rule "reopen"
  Now(w_reopen)
==>
  pt_linear := Cached;
  Next();
end;

-- arch/x86/mm/pat/set_memory.c, cpa_flush(): on_each_cpu(__cpa_flush_tlb).
rule "purge"
  Now(w_purge)
==>
  tlb_linear[sub] := NoEntry;
  NextSub(1);
end;

rule "purge-local"
  Now(w_purge_local)
==>
  tlb_linear[task] := NoEntry;
  Next();
end;

-- vunmap_range(): first the page table, then the TLB of each CPU.
rule "unmap: page table"
  Now(w_unmap) & sub = 0
==>
  pt_region := false;
  sub := 1;
end;

rule "unmap: TLB"
  Now(w_unmap) & sub != 0
==>
  tlb_region[sub - 1] := false;
  NextSub(2);
end;

rule "unmap-lazy"
  Now(w_unmap_lazy)
==>
  pt_region := false;
  Next();
end;

-- clflush through the region. SDM 12.12.4: the last step of a change of type;
-- through an address that isn't present it is a page fault.
-- include flush.m

startstate "ordinary memory"
  StartMemory();
  StartTranslations(Cached);
end;
