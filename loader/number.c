// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

int number__parse(const char *text, struct number *number)
{
	const char *digits = text + (*text == '-' || *text == '+');
	int base = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : 10;
	unsigned long long magnitude;
	char *end;

	/* strtoull() would accept leading space and a second sign. */
	if (!isdigit((unsigned char)*digits))
		return -EINVAL;

	errno = 0;
	magnitude = strtoull(digits, &end, base);
	if (*end || end == digits)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	if (*text == '-' && magnitude > (__u64)LLONG_MAX + 1)
		return -ERANGE;

	number->is_negative = *text == '-' && magnitude;
	number->bits = number->is_negative ? -magnitude : magnitude;

	return 0;
}

int number__compare(struct number a, struct number b)
{
	if (a.is_negative != b.is_negative)
		return a.is_negative ? -1 : 1;
	return a.bits < b.bits ? -1 : a.bits > b.bits;
}

char *number__format(struct number number, char text[NUMBER_TEXT_LEN])
{
	if (number.is_negative)
		snprintf(text, NUMBER_TEXT_LEN, "%" PRId64, (int64_t)number.bits);
	else
		snprintf(text, NUMBER_TEXT_LEN, "%" PRIu64, (uint64_t)number.bits);
	return text;
}

bool number__fits(struct number number, size_t size, bool is_signed)
{
	unsigned int bits = size * CHAR_BIT;

	if (!is_signed)
		return !number.is_negative && (bits == 64 || !(number.bits >> bits));
	if (number.is_negative)
		return (__s64)number.bits >= -(1LL << (bits - 2)) * 2;
	return !(number.bits >> (bits - 1));
}

struct number number__load(const void *data, size_t size, bool is_signed)
{
	unsigned int unused = 64 - size * CHAR_BIT;
	struct number number = {};

	/* Little-endian and big-endian alike: through the type of that size. */
	switch (size) {
	case 1:
		number.bits = *(const volatile __u8 *)data;
		break;
	case 2:
		number.bits = *(const volatile __u16 *)data;
		break;
	case 4:
		number.bits = *(const volatile __u32 *)data;
		break;
	case 8:
		number.bits = *(const volatile __u64 *)data;
		break;
	}
	if (is_signed) {
		number.bits = (__u64)((__s64)(number.bits << unused) >> unused);
		number.is_negative = (__s64)number.bits < 0;
	}

	return number;
}

void number__store(void *data, size_t size, struct number number)
{
	switch (size) {
	case 1:
		*(volatile __u8 *)data = number.bits;
		break;
	case 2:
		*(volatile __u16 *)data = number.bits;
		break;
	case 4:
		*(volatile __u32 *)data = number.bits;
		break;
	case 8:
		*(volatile __u64 *)data = number.bits;
		break;
	}
}
