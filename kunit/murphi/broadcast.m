-- SPDX-License-Identifier: GPL-2.0
--
-- The region is unmapped where a purge is broadcast: the page table first, then the
-- TLBs of all CPUs in one step. highmem.m and purge.m include it.

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
