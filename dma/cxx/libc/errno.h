/* SPDX-License-Identifier: GPL-2.0 */
/* libc++ wants the header; the layer's errors are dmamap::Errno. */
#pragma once
