-- SPDX-License-Identifier: GPL-2.0
--
-- Strategy purge on PA-RISC: software fills TLBs, and only when code uses an
-- address (PA chapter 3; arch/parisc/kernel/entry.S, dtlb_miss_11). The linear PTE
-- of a coherent frame stays present but uncached, or with kTrap becomes absent.

const
  kTrap : false;

-- True: no code uses the linear address of a frame that is coherent or is being
-- made so. False: a stray use may come at any time, as on a machine with a hardware
-- walker.
  kUsageGuarantee : true;

-- include machine.m
-- include invariants.m
-- include owners.m

procedure FillLinear(c : Cpu);
begin
  tlb_linear[c] := (pt_linear = Cached) ? CachedEntry : UncachedEntry;
end;

ruleset c : Cpu do
  rule "owner: uses the linear address"
    ordinary & pt_linear != Absent & tlb_linear[c] = NoEntry
  ==>
    FillLinear(c);
  end;

  rule "owner: uses its vmap"
    ordinary & pt_lazy & !tlb_lazy[c]
  ==>
    tlb_lazy[c] := true;
  end;

  rule "stray use of the linear address"
    !kUsageGuarantee & !ordinary & pt_linear != Absent & tlb_linear[c] = NoEntry
  ==>
    FillLinear(c);
  end;
end;

-- include vmap.m

-- PDTLB is broadcast to all CPUs, and the next one waits until it is done:
-- PA, instruction PDTLB; arch/parisc/include/asm/pgtable.h, purge_tlb_start().
rule "lazy"
  Now(w_lazy)
==>
  for c : Cpu do tlb_lazy[c] := false; end;
  Next();
end;

rule "close"
  Now(w_close)
==>
  pt_linear := kTrap ? Absent : Uncached;
  Next();
end;

rule "reopen"
  Now(w_reopen)
==>
  pt_linear := Cached;
  Next();
end;

rule "purge"
  Now(w_purge)
==>
  for c : Cpu do tlb_linear[c] := NoEntry; end;
  Next();
end;

rule "purge-local"
  Now(w_purge_local)
==>
  tlb_linear[task] := NoEntry;
  Next();
end;

-- include broadcast.m

-- FDC through the flush-only alias: its translation is made for the flush, lines
-- can't move in through it, and the region's isn't needed. arch/parisc/kernel/
-- pacache.S, flush_dcache_page_asm(); cache.c, __flush_cache_page().
rule "flush"
  Now(w_flush) & CanClean(sub)
==>
  Clean(sub);
  Drop(sub);
  NextSub(1);
end;

-- PA has no such instruction; a machine may write back and keep the line.
rule "flush-clean"
  Now(w_flush_clean) & CanClean(sub)
==>
  Clean(sub);
  NextSub(1);
end;

-- PDC
rule "flush-invalidate"
  Now(w_flush_invalidate)
==>
  Drop(sub);
  NextSub(1);
end;

rule "flush-skip-last"
  Now(w_flush_skip_last) & CanClean(0)
==>
  Clean(0);
  Drop(0);
  Next();
end;

startstate "ordinary memory"
  StartMemory();
  StartTranslations(Cached);
end;
