/* SPDX-License-Identifier: Apache-2.0
 * keepsake.h - what outlives a restart of the whole appliance besides its configuration: a file
 * beside that, CONFIG.state, for its owner only.
 *
 * In it, line by line: "# cookie secret HEX", so that clients come back with the cookies they have,
 * and "# held out NAME" (held_out.h). It is written when a cookie or something held out needs it,
 * and when it changes; replaced in one step. What cannot be read in it is logged and passed over.
 */
#pragma once

struct control;

/* After the configuration of the file was loaded and planned. */
void keepsake_read(struct control *control);
/* After a publish. Says in the log, once, that it cannot be written. */
void keepsake_write(struct control *control);
