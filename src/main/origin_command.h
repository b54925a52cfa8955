/* SPDX-License-Identifier: Apache-2.0
 * origin_command.h - spillway origin: the command line of the built-in origin server.
 */
#pragma once

/* argv[0] is the subcommand. Returns the exit code. */
int origin_command(int argc, char **argv);
