/* SPDX-License-Identifier: Apache-2.0
 * check_command.h - spillway check: whether a configuration file is right.
 */
#pragma once

/* argv[0] is the subcommand. Returns the exit code. */
int check_command(int argc, char **argv);
