-- SPDX-License-Identifier: GPL-2.0
--
-- Flushes where the instruction needs a translation and uses the region's. highmem.m
-- and unmap.m include it and name the instructions.

rule "flush"
  Now(w_flush) & CanClean(sub)
==>
  TouchRegion();
  Clean(sub);
  Drop(sub);
  NextSub(1);
end;

rule "flush-clean"
  Now(w_flush_clean) & CanClean(sub)
==>
  TouchRegion();
  Clean(sub);
  NextSub(1);
end;

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
