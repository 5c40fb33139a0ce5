// SPDX-License-Identifier: GPL-2.0
/* HCA driver: front end for boards that have the window as a PCI BAR. */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "hca.h"

/* One vector, or 0 on a board without MSI, where the timer is used. */
static unsigned int hca_pci_irq(struct pci_dev *pdev)
{
	if (pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSIX | PCI_IRQ_MSI) < 0)
		return 0;
	return pci_irq_vector(pdev, 0);
}

static int hca_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct hca_device *hca;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return dev_err_probe(&pdev->dev, err, "can't enable device\n");
	if (pci_resource_len(pdev, HCA_PCI_WINDOW_BAR) < HCA_WINDOW_BYTES)
		return dev_err_probe(&pdev->dev, -ENODEV,
				     "BAR %d is smaller than the window\n",
				     HCA_PCI_WINDOW_BAR);
	err = pcim_request_region(pdev, HCA_PCI_WINDOW_BAR, "hca");
	if (err)
		return err;
	pci_set_master(pdev);

	hca = hca_bind(&pdev->dev,
		       pci_resource_start(pdev, HCA_PCI_WINDOW_BAR),
		       DMAMAP_BEHIND_DEVICE, hca_pci_irq(pdev));
	if (IS_ERR(hca)) {
		pci_free_irq_vectors(pdev);
		return PTR_ERR(hca);
	}
	pci_set_drvdata(pdev, hca);
	return 0;
}

static void hca_pci_remove(struct pci_dev *pdev)
{
	hca_unbind(pci_get_drvdata(pdev));
	pci_free_irq_vectors(pdev);
}

static const struct pci_device_id hca_pci_ids[] = {
	{ PCI_DEVICE(HCA_PCI_VENDOR, HCA_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, hca_pci_ids);

static struct pci_driver hca_pci_driver = {
	.name = "hca",
	.id_table = hca_pci_ids,
	.probe = hca_pci_probe,
	.remove = hca_pci_remove,
};

/**
 * hca_pci_register() - register the PCI front end
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int hca_pci_register(void)
{
	return pci_register_driver(&hca_pci_driver);
}

/**
 * hca_pci_unregister() - unbind all PCI devices
 *
 * Context: process.
 */
void hca_pci_unregister(void)
{
	pci_unregister_driver(&hca_pci_driver);
}
