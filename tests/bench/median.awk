# SPDX-License-Identifier: GPL-2.0-only
#
# median(LIST): of numbers with spaces between them; the lower one of two in the middle.

function median(list,    v, n, i, j, t) {
	n = split(list, v, " ")
	for (i = 1; i <= n; i++)
		for (j = i + 1; j <= n; j++)
			if (v[j] + 0 < v[i] + 0) {
				t = v[i]; v[i] = v[j]; v[j] = t
			}
	return v[int((n + 1) / 2)]
}
