// SPDX-License-Identifier: GPL-2.0-only
/* loader_share_a: shares its maps. */
#include <tier_ext/tier_ext.bpf.h>

struct visits {
	u32 nr;
	u32 heat;
};

#define SHARE_NAME  "loader_share_a"
#define SHARE_VALUE struct visits

#include "loader_share.h"
