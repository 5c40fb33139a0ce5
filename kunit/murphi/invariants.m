-- SPDX-License-Identifier: GPL-2.0
--
-- What machine.m and snooped.m have in common, which are machines apart otherwise:
-- the memory at the start, and what must hold on both. Comes after the invariants
-- of the machine itself: where a state violates several, the first is reported.

procedure StartMemory();
begin
  clear pc;
  clear sub;
  for l : Line do
    mem[l] := Old;
    undefine cache[l];
    dirty[l] := false;
    undefine writeback[l];
    undefine store[l];
    told[l] := Old;
  end;
  ordinary := true;
  published := false;
  running := false;
  posted := false;
end;

invariant "I5 the owner reads something else than was written last"
  ordinary -> forall l : Line do CachedView(l) = told[l] end;

-- Or an order could be right only because it stops somewhere: from each state its
-- last word can be reached.
liveness "END every order comes to its end again and again"
  pc = kWords - 1;
