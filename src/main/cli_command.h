/* SPDX-License-Identifier: Apache-2.0
 * cli_command.h - spillway cli: commands to a running appliance, and its answers.
 */
#pragma once

/* argv[0] is the subcommand. Returns the exit code. */
int cli_command(int argc, char **argv);
