/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TIERX_OUTPUT_H
#define TIERX_OUTPUT_H

/** output__flush() - has everything arrived that was written to standard output? a status */
int output__flush(void);

#endif /* TIERX_OUTPUT_H */
