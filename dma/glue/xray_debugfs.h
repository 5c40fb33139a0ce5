/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMAMAP_GLUE_XRAY_DEBUGFS_H
#define DMAMAP_GLUE_XRAY_DEBUGFS_H

struct dentry;

/* Adds the files of the X-ray to the layer's directory. */
void dmamap_xray_debugfs(struct dentry *dir);

#endif /* DMAMAP_GLUE_XRAY_DEBUGFS_H */
