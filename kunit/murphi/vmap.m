-- SPDX-License-Identifier: GPL-2.0
--
-- The lazy alias of a frame of lowmem: its owner's vmap, and when the layer may take
-- the frame. unmap.m and purge.m include it.

-- mm/vmalloc.c, free_unmap_vmap_area(): the page table entry dies with vunmap, the
-- TLB entries with the next purge of lazily freed areas.
rule "owner: vmap"
  ordinary & !pt_lazy
==>
  pt_lazy := true;
end;

rule "owner: lazy vunmap"
  ordinary & pt_lazy
==>
  pt_lazy := false;
end;

-- take_pages() gives frames that no live vmap reaches.
rule "take"
  Now(w_take) & !pt_lazy
==>
  ordinary := false;
  Next();
end;
