/* SPDX-License-Identifier: GPL-2.0 */
/* Empty: libc++ only wants the header; the layer's errors are dmamap::Errno. */
#pragma once
