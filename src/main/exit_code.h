/* SPDX-License-Identifier: Apache-2.0
 * exit_code.h - what the program answers to its caller.
 */
#pragma once

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_REFUSED = 1,    /* a command or a file was refused */
	EXIT_CODE_USAGE = 2,      /* the command line itself is wrong */
	EXIT_CODE_UNREACHABLE = 3 /* no appliance answers */
};
