/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that users write: any integer that fits in 64 bits, signed or not. */
#ifndef TIERX_NUMBER_H
#define TIERX_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/**
 * struct number - an integer
 * @bits: its value; two's complement if @is_negative
 * @is_negative: less than zero
 */
struct number {
	__u64 bits;
	bool is_negative;
};

#define NUMBER_TEXT_LEN 24

/**
 * number__parse() - read a decimal or 0x hexadecimal integer
 * @text: nothing but the number, with a sign at most
 *
 * Return: 0, -EINVAL if it is not a number, -ERANGE if it does not fit in 64 bits.
 */
int number__parse(const char *text, struct number *number);

/** number__compare() - less than, equal to or greater than 0, as a is to b */
int number__compare(struct number a, struct number b);

/** number__format() - in decimal; returns @text */
char *number__format(struct number number, char text[NUMBER_TEXT_LEN]);

/** number__fits() - can an integer of @size bytes hold it? */
bool number__fits(struct number number, size_t size, bool is_signed);

/** number__load() - read an integer of @size bytes from memory; 1, 2, 4 or 8 */
struct number number__load(const void *data, size_t size, bool is_signed);

/** number__store() - write it as an integer of @size bytes, in one access */
void number__store(void *data, size_t size, struct number number);

#endif /* TIERX_NUMBER_H */
