// SPDX-License-Identifier: GPL-2.0
/*
 * Walks page tables, of the kernel and of processes, for translations of given frames.
 * sighting.c says what they mean.
 *
 * The loops are our own, because mm/pagewalk.c does not fit: its entry for kernel tables has
 * another name in each stable release, and it skips entries that are not present and the
 * second section of an ARM pair.
 */
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "dma/glue/watch/watch.h"

/* Reports the frames of a leaf that are looked for: all coherent ones, or those of targets. */
static void dmamap_look_at(struct dmamap_walk *walk, const struct dmamap_leaf *leaf,
			   unsigned long addr)
{
	const u64 end = leaf->pfn + leaf->pages;
	struct dmamap_xray *xray = walk->xray;
	unsigned int i;

	if (leaf->present)
		xray->leaves++;
	if (!xray->targets)
		dmamap_see(walk, leaf, addr, leaf->pfn, end - 1, NULL);
	for (i = 0; i < xray->count; i++) {
		const struct dmamap_target *target = &xray->targets[i];
		const u64 from = max(leaf->pfn, target->pfn);
		const u64 to = min(end, target->pfn + target->pages);

		if (from < to)
			dmamap_see(walk, leaf, addr, from, to - 1, target);
	}
}

/* Looks at the leaves of one entry of an upper level; false if it has none. */
static bool dmamap_look_at_leaves(struct dmamap_walk *walk, const struct dmamap_leaf *leaves,
				  int count, unsigned long addr)
{
	int i;

	for (i = 0; i < count; i++)
		dmamap_look_at(walk, &leaves[i], addr + leaves[i].offset);
	return count > 0;
}

/*
 * The first and the last entry to walk in the table that begins at address @base, with
 * entries of 1 << @shift bytes each.
 */
static unsigned int dmamap_entry_from(const struct dmamap_walk *walk, unsigned long base, int shift)
{
	return walk->first > base ? (walk->first - base) >> shift : 0;
}

static unsigned int dmamap_entry_to(const struct dmamap_walk *walk, unsigned long base, int shift,
				    unsigned long entries)
{
	return min((walk->last - base) >> shift, entries - 1);
}

/* In tables of a process, the caller holds the mmap_lock for reading, here and above. */
static void dmamap_walk_ptes(struct dmamap_walk *walk, pmd_t *pmd, unsigned long base)
{
	const unsigned int to = dmamap_entry_to(walk, base, PAGE_SHIFT, PTRS_PER_PTE);
	unsigned int i = dmamap_entry_from(walk, base, PAGE_SHIFT);
	spinlock_t *lock = NULL;
	pte_t *table;

	/* A table of a process may be freed meanwhile; those of the kernel stay. */
	table = walk->vma ? pte_offset_map_lock(walk->mm, pmd, base, &lock) :
			    pte_offset_kernel(pmd, base);
	if (!table)
		return;
	for (; i <= to; i++) {
		const pte_t pte = ptep_get(table + i);
		struct dmamap_leaf leaf = { .pages = 1 };

		/* In a process, an entry that is not present may be a swap entry. */
		if (pte_none(pte) || (walk->vma && !pte_present(pte)))
			continue;
		if (dmamap_arch_pte_leaf(pte, &leaf))
			dmamap_look_at(walk, &leaf, base + ((unsigned long)i << PAGE_SHIFT));
	}
	if (lock)
		pte_unmap_unlock(table, lock);
}

/*
 * On this level and above, an entry equal to the one before it leads to the same
 * table and is not walked again: KASAN's shadow repeats one table billions of times.
 */
static void dmamap_walk_pmds(struct dmamap_walk *walk, pud_t *pud, unsigned long base)
{
	const unsigned int from = dmamap_entry_from(walk, base, PMD_SHIFT);
	const unsigned int to = dmamap_entry_to(walk, base, PMD_SHIFT, PTRS_PER_PMD);
	struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX];
	pmd_t *pmd = pmd_offset(pud, base) + from;
	unsigned int i;

	for (i = from; i <= to; i++, pmd++) {
		const unsigned long addr = base + ((unsigned long)i << PMD_SHIFT);

		if ((i > from && pmd_val(*pmd) && pmd_val(*pmd) == pmd_val(pmd[-1])) ||
		    (walk->vma && !pmd_present(*pmd)))
			continue;
		/* Ask before pmd_none(): the second section of an ARM pair may stand alone. */
		if (dmamap_look_at_leaves(walk, leaves, dmamap_arch_pmd_leaves(pmd, leaves), addr))
			continue;
		if (!pmd_none(*pmd) && pmd_present(*pmd) && !pmd_bad(*pmd))
			dmamap_walk_ptes(walk, pmd, addr);
		cond_resched();
	}
}

static void dmamap_walk_puds(struct dmamap_walk *walk, p4d_t *p4d, unsigned long base)
{
	const unsigned int from = dmamap_entry_from(walk, base, PUD_SHIFT);
	const unsigned int to = dmamap_entry_to(walk, base, PUD_SHIFT, PTRS_PER_PUD);
	struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX];
	pud_t *pud = pud_offset(p4d, base) + from;
	unsigned int i;

	for (i = from; i <= to; i++, pud++) {
		const unsigned long addr = base + ((unsigned long)i << PUD_SHIFT);

		if (pud_none(*pud) || (i > from && pud_val(*pud) == pud_val(pud[-1])) ||
		    (walk->vma && !pud_present(*pud)) ||
		    dmamap_look_at_leaves(walk, leaves, dmamap_arch_pud_leaf(*pud, leaves), addr))
			continue;
		if (pud_present(*pud))
			dmamap_walk_pmds(walk, pud, addr);
	}
}

static void dmamap_walk_p4ds(struct dmamap_walk *walk, pgd_t *pgd, unsigned long base)
{
	const unsigned int from = dmamap_entry_from(walk, base, P4D_SHIFT);
	const unsigned int to = dmamap_entry_to(walk, base, P4D_SHIFT, PTRS_PER_P4D);
	p4d_t *p4d = p4d_offset(pgd, base) + from;
	unsigned int i;

	for (i = from; i <= to; i++, p4d++)
		if (!p4d_none(*p4d) && p4d_present(*p4d) &&
		    !(i > from && p4d_val(*p4d) == p4d_val(p4d[-1])))
			dmamap_walk_puds(walk, p4d, base + ((unsigned long)i << P4D_SHIFT));
}

/*
 * The first address of an entry of the top level. If the address space has a hole in its
 * middle, addresses of the upper half are sign-extended.
 */
static unsigned long dmamap_pgd_base(unsigned int index)
{
	const int spare = BITS_PER_LONG - PGDIR_SHIFT - ilog2(PTRS_PER_PGD);

	return (long)((unsigned long)index << (PGDIR_SHIFT + spare)) >> spare;
}

static void dmamap_walk_tables(struct dmamap_walk *walk)
{
	const unsigned int from = pgd_index(walk->first);
	const unsigned int to = pgd_index(walk->last);
	pgd_t *pgd = walk->mm->pgd + from;
	unsigned int i;

	for (i = from; i <= to; i++, pgd++)
		if (!pgd_none(*pgd) && pgd_present(*pgd) &&
		    !(i > from && pgd_val(*pgd) && pgd_val(*pgd) == pgd_val(pgd[-1])))
			dmamap_walk_p4ds(walk, pgd, dmamap_pgd_base(i));
}

/*
 * No lock is held: on the boards of this project, tables of the kernel are never freed. That
 * would take memory hot-remove.
 */
void dmamap_xray_kernel(struct dmamap_xray *xray)
{
	struct dmamap_walk walk = { .xray = xray, .mm = &init_mm, .last = ULONG_MAX };

	xray->leaves = 0;
	xray->spaces = 0;
	dmamap_walk_tables(&walk);
}

/*
 * The kernel's half of a process's tables. Most machines share it with init_mm, but ARM gives
 * each process a copy of the first level. Entries that differ are walked.
 */
static void dmamap_walk_kernel_half(struct dmamap_walk *walk)
{
	const unsigned int first = pgd_index(TASK_SIZE_MAX - 1) + 1;
	unsigned int i;

	walk->first = 0;
	walk->last = ULONG_MAX;
	for (i = first; i < PTRS_PER_PGD; i++) {
		pgd_t *pgd = walk->mm->pgd + i;

		if (!memcmp(pgd, init_mm.pgd + i, sizeof(*pgd)) || pgd_none(*pgd) ||
		    !pgd_present(*pgd))
			continue;
		dmamap_walk_p4ds(walk, pgd, dmamap_pgd_base(i));
	}
}

/* Takes the mmap_lock for reading, so VMAs stay; a fatal signal ends the walk. */
static int dmamap_walk_process(struct dmamap_walk *walk)
{
	struct vm_area_struct *vma;
	int err;

	VMA_ITERATOR(vmi, walk->mm, 0);

	err = mmap_read_lock_killable(walk->mm);
	if (err)
		return err;
	for_each_vma(vmi, vma) {
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		walk->vma = vma;
		walk->first = vma->vm_start;
		walk->last = vma->vm_end - 1;
		dmamap_walk_tables(walk);
	}
	walk->vma = NULL;
	if (!err)
		dmamap_walk_kernel_half(walk);
	mmap_read_unlock(walk->mm);
	walk->xray->spaces++;
	return err;
}

/*
 * Finds the next process, from *@nr on, that has an address space, and takes a reference on
 * that. get_task_mm() is not used, because it refuses kernel threads: one that borrows an
 * address space keeps it alive when its process is gone, and reaches memory through it.
 */
static bool dmamap_next_process(struct dmamap_walk *walk, int *nr)
{
	struct task_struct *leader, *task;
	struct pid *pid;
	bool found = false;

	rcu_read_lock();
	while (!found && (pid = find_ge_pid(*nr, &init_pid_ns))) {
		*nr = pid_nr(pid) + 1;
		leader = pid_task(pid, PIDTYPE_TGID);
		task = leader ? find_lock_task_mm(leader) : NULL;
		if (!task)
			continue;
		found = mmget_not_zero(task->mm);
		walk->mm = task->mm;
		walk->pid = task_tgid_nr(task);
		strscpy(walk->comm, task->comm);
		task_unlock(task);
	}
	rcu_read_unlock();
	return found;
}

#ifdef CONFIG_KMAP_LOCAL
/*
 * The kmap_local mappings of a task that is not running are in no page table: they are kept
 * in the task, and come back when it runs. Mappings of a task that starts or stops
 * meanwhile may be missed, or seen twice.
 */
static void dmamap_look_at_waiting(struct dmamap_xray *xray)
{
	struct task_struct *leader, *task;

	rcu_read_lock();
	for_each_process_thread(leader, task) {
		struct dmamap_walk walk = { .xray = xray, .pid = task_pid_nr(task) };
		const int used = min(READ_ONCE(task->kmap_ctrl.idx), KM_MAX_IDX);
		int i;

		if (!used || task_curr(task))
			continue;
		strscpy(walk.comm, task->comm);
		for (i = 0; i < used; i++) {
			const pte_t pte = READ_ONCE(task->kmap_ctrl.pteval[i]);
			struct dmamap_leaf leaf = { .pages = 1 };

			if (!pte_none(pte) && dmamap_arch_pte_leaf(pte, &leaf))
				dmamap_look_at(&walk, &leaf, 0);
		}
	}
	rcu_read_unlock();
}
#else
static void dmamap_look_at_waiting(struct dmamap_xray *xray)
{
}
#endif

int dmamap_xray(struct dmamap_xray *xray)
{
	struct dmamap_walk walk = { .xray = xray };
	int nr = 1, err = 0;

	dmamap_xray_kernel(xray);
	dmamap_look_at_waiting(xray);
	while (!err && dmamap_next_process(&walk, &nr)) {
		err = dmamap_walk_process(&walk);
		mmput(walk.mm);
		cond_resched();
	}
	return err;
}
