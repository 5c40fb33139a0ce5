-- SPDX-License-Identifier: GPL-2.0
--
-- A hardware walker takes what is in the page table into TLBs at any time: here of
-- lazy aliases and of the region. highmem.m and unmap.m include it and name the
-- manual.

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
