// SPDX-License-Identifier: GPL-2.0-only
/* loader_share_wide: has maps of the same names, with larger values. */
#include <tier_ext/tier_ext.bpf.h>

struct visits {
	u32 nr;
	u32 heat;
	u64 since;
};

#define SHARE_NAME  "loader_share_wide"
#define SHARE_VALUE struct visits

#include "loader_share.h"
