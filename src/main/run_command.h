/* SPDX-License-Identifier: Apache-2.0
 * run_command.h - spillway run: the appliance in the foreground, under its supervisor.
 */
#pragma once

/* argv[0] is the subcommand. Returns the exit code. */
int run_command(int argc, char **argv);
