/* SPDX-License-Identifier: Apache-2.0
 * kinds.c - all kinds of monitors there are: one row each.
 */
#include "monitor/exchange.h"
#include "monitor/talk.h"

#define CONVERSATION(kind, spelled, meaning)                                                       \
	{                                                                                          \
		.name = spelled, .help = meaning, .start = exchange_start,                         \
		.ready = exchange_ready, .protocol = &kind##_protocol                              \
	}

const struct monitor_kind http_kind = CONVERSATION(
	http, "HTTP", "the server answers a request with an expected status code");

static const struct monitor_kind conversations[] = {
	CONVERSATION(tcp_ecv, "TCP-ECV", "the answer over TCP holds a text"),
	CONVERSATION(http_ecv, "HTTP-ECV", "the body of an HTTP answer holds a text"),
	CONVERSATION(udp_ecv, "UDP-ECV", "the answer over UDP holds a text"),
	CONVERSATION(dns, "DNS", "a name is resolved"),
	CONVERSATION(dns_tcp, "DNS-TCP", "a name is resolved over TCP"),
	CONVERSATION(ftp, "FTP", "an FTP server greets, or lets a user in"),
	CONVERSATION(ftp_extended, "FTP-EXTENDED", "an FTP server has a file"),
	CONVERSATION(smtp, "SMTP", "a mail server greets"),
	CONVERSATION(pop3, "POP3", "a POP3 server greets, or lets a user in"),
	CONVERSATION(nntp, "NNTP", "a news server greets, lets a user in, has a group"),
	CONVERSATION(ldap, "LDAP", "a directory lets us bind, and finds an entry"),
	CONVERSATION(radius, "RADIUS", "a RADIUS server answers with an expected code"),
	CONVERSATION(mysql, "MYSQL", "a MySQL server greets, lets a user in, runs a statement"),
	CONVERSATION(mysql_ecv, "MYSQL-ECV", "a row of a MySQL answer holds a text"),
	CONVERSATION(snmp, "SNMP", "an SNMP agent has a value below a threshold"),
	CONVERSATION(load, "LOAD", "a host is below the thresholds of all its metrics"),
	CONVERSATION(http, "HTTP-INLINE", "clients are served; asked itself when there are none"),
	CONVERSATION(agent, "AGENT", "a line of an agent says up, and how much it can take"),
};

const struct monitor_kind *const monitor_kinds[] = { &ping_kind,
						     &arp_kind,
						     &nd6_kind,
						     &tcp_kind,
						     &http_kind,
						     &conversations[0],
						     &conversations[1],
						     &conversations[2],
						     &conversations[3],
						     &conversations[4],
						     &conversations[5],
						     &conversations[6],
						     &conversations[7],
						     &conversations[8],
						     &conversations[9],
						     &conversations[10],
						     &conversations[11],
						     &conversations[12],
						     &conversations[13],
						     &conversations[14],
						     &conversations[15],
						     &conversations[16],
						     &conversations[17],
						     &user_kind,
						     NULL };
