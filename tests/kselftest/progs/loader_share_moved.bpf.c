// SPDX-License-Identifier: GPL-2.0-only
/* loader_share_moved: has maps of the same names, in which something is elsewhere. */
#include <tier_ext/tier_ext.bpf.h>

struct visits {
	u32 heat;
	u32 nr;
};

#define SHARE_NAME  "loader_share_moved"
#define SHARE_VALUE struct visits

#include "loader_share.h"
