// SPDX-License-Identifier: GPL-2.0-only
/* loader_share_b: shares the same maps, and calls their types something else. */
#include <tier_ext/tier_ext.bpf.h>

struct calls {
	u32 nr;
	u32 heat;
};

#define SHARE_NAME  "loader_share_b"
#define SHARE_VALUE struct calls

#include "loader_share.h"
