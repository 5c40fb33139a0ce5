// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/vmalloc.h>
#include <asm/tlbflush.h>

#include "kunit/suites/plant.h"

struct seed {
	struct mm_struct *mm;
	pte_t pte;
};

static int write_pte(pte_t *ptep, unsigned long addr, void *data)
{
	const struct seed *seed = data;

	set_pte_at(seed->mm, addr, ptep, seed->pte);
	return 0;
}

static int clear_pte(pte_t *ptep, unsigned long addr, void *unused)
{
	pte_clear(&init_mm, addr, ptep);
	return 0;
}

int plant_pte(unsigned long addr, u64 pfn, pgprot_t prot)
{
	struct seed seed = { .mm = &init_mm, .pte = pfn_pte(pfn, prot) };

	return apply_to_page_range(&init_mm, addr, PAGE_SIZE, write_pte, &seed);
}

void unplant_pte(unsigned long addr)
{
	apply_to_page_range(&init_mm, addr, PAGE_SIZE, clear_pte, NULL);
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
}

/*
 * A VM_PFNMAP VMA that is shared, so that unmapping leaves the frame's struct
 * page alone, on machines without special PTEs too.
 */
static int write_user_pte(const struct settler *settler)
{
	struct seed seed = {
		.mm = current->mm,
		.pte = pte_mkspecial(pfn_pte(settler->pfn, settler->prot)),
	};
	struct vm_area_struct *vma;
	int err = -EFAULT;

	mmap_write_lock(seed.mm);
	vma = find_vma(seed.mm, settler->addr);
	if (vma) {
		vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND);
		err = apply_to_page_range(seed.mm, settler->addr, PAGE_SIZE, write_pte, &seed);
	}
	mmap_write_unlock(seed.mm);
	return err;
}

/* As if the process had touched it. */
static int fault_in(unsigned long addr)
{
	int err;

	mmap_read_lock(current->mm);
	err = fixup_user_fault(current->mm, addr, 0, NULL);
	mmap_read_unlock(current->mm);
	return err;
}

static int make_mapping(struct settler *settler)
{
	const unsigned long anonymous = settler->file ? 0 : MAP_ANONYMOUS;
	unsigned long addr = vm_mmap(settler->file, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | anonymous, 0);

	if (IS_ERR_VALUE(addr))
		return addr;
	settler->addr = addr;
	return settler->file ? fault_in(addr) : write_user_pte(settler);
}

static int live(void *data)
{
	struct settler *settler = data;
	struct mm_struct *mm = mm_alloc();

	settler->pid = current->pid;
	settler->err = -ENOMEM;
	if (mm) {
		mm->task_size = TASK_SIZE;
		arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
		kthread_use_mm(mm);
		settler->err = make_mapping(settler);
	}
	complete(&settler->ready);
	wait_for_completion(&settler->go);
	if (mm) {
		kthread_unuse_mm(mm);
		mmput(mm);
	}
	complete(&settler->gone);
	return 0;
}

void settle(struct settler *settler)
{
	struct task_struct *task;

	init_completion(&settler->ready);
	init_completion(&settler->go);
	init_completion(&settler->gone);
	task = kthread_run(live, settler, "settler");
	if (IS_ERR(task)) {
		settler->err = PTR_ERR(task);
		complete(&settler->gone);
		return;
	}
	wait_for_completion(&settler->ready);
}

void unsettle(struct settler *settler)
{
	complete(&settler->go);
	wait_for_completion(&settler->gone);
}
