/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kind.h"
#include "base/address.h"
#include "base/check.h"

const struct kind *const kinds[KIND_COUNT] = {
	[KIND_SERVER] = &kind_server,
	[KIND_SERVICE] = &kind_service,
	[KIND_GROUP] = &kind_group,
	[KIND_VSERVER] = &kind_vserver,
	[KIND_MONITOR] = &kind_monitor,
	[KIND_NAME_SERVER] = &kind_name_server,
	[KIND_NS_PARAM] = &kind_ns_param,
	[KIND_LB_PARAMETER] = &kind_lb_parameter,
	[KIND_METRIC_TABLE] = &kind_metric_table,
	[KIND_SPILLOVER_ACTION] = &kind_spillover_action,
	[KIND_SPILLOVER_POLICY] = &kind_spillover_policy,
	[KIND_SPILLOVER_PARAM] = &kind_spillover_param,
};

/* What a service or virtual server of a protocol does that is not built yet. */
static const char no_traffic[] = "it is left out of the traffic";

const struct choice kind_service_protocols[] = {
	{ "HTTP", NULL },
	{ "TCP", NULL },
	{ "FTP", no_traffic },
	{ "UDP", no_traffic },
	{ "SSL", no_traffic },
	{ "SSL_BRIDGE", no_traffic },
	{ "SSL_TCP", no_traffic },
	{ "DTLS", no_traffic },
	{ "NNTP", no_traffic },
	{ "RPCSVR", no_traffic },
	{ "DNS", no_traffic },
	{ "ADNS", no_traffic },
	{ "SNMP", no_traffic },
	{ "RTSP", no_traffic },
	{ "DHCPRA", no_traffic },
	{ "ANY", no_traffic },
	{ "SIP_UDP", no_traffic },
	{ "SIP_TCP", no_traffic },
	{ "SIP_SSL", no_traffic },
	{ "DNS_TCP", no_traffic },
	{ "ADNS_TCP", no_traffic },
	{ "MYSQL", no_traffic },
	{ "MSSQL", no_traffic },
	{ "ORACLE", no_traffic },
	{ "RADIUS", no_traffic },
	{ "RADIUSListener", no_traffic },
	{ "RDP", no_traffic },
	{ "DIAMETER", no_traffic },
	{ "SSL_DIAMETER", no_traffic },
	{ "TFTP", no_traffic },
	{ "SMPP", no_traffic },
	{ "PPTP", no_traffic },
	{ "GRE", no_traffic },
	{ "SYSLOGTCP", no_traffic },
	{ "SYSLOGUDP", no_traffic },
	{ "FIX", no_traffic },
	{ "SSL_FIX", no_traffic },
	{ "USER_TCP", no_traffic },
	{ "USER_SSL_TCP", no_traffic },
	{ "LOGSTREAM", no_traffic },
	{ "QUIC", no_traffic },
	{ "QUIC_BRIDGE", no_traffic },
	{ "HTTP_QUIC", no_traffic },
	{ "MQTT", no_traffic },
	{ "MQTT_TLS", no_traffic },
	{ "MONGO", no_traffic },
	{ "MONGO_TLS", no_traffic },
	{ NULL, NULL },
};

const struct choice kind_vserver_protocols[] = {
	{ "HTTP", NULL },
	{ "TCP", NULL },
	{ "FTP", no_traffic },
	{ "UDP", no_traffic },
	{ "SSL", no_traffic },
	{ "SSL_BRIDGE", no_traffic },
	{ "SSL_TCP", no_traffic },
	{ "DTLS", no_traffic },
	{ "NNTP", no_traffic },
	{ "DNS", no_traffic },
	{ "DHCPRA", no_traffic },
	{ "ANY", no_traffic },
	{ "SIP_UDP", no_traffic },
	{ "SIP_TCP", no_traffic },
	{ "SIP_SSL", no_traffic },
	{ "DNS_TCP", no_traffic },
	{ "RTSP", no_traffic },
	{ "PUSH", no_traffic },
	{ "SSL_PUSH", no_traffic },
	{ "RADIUS", no_traffic },
	{ "RDP", no_traffic },
	{ "MYSQL", no_traffic },
	{ "MSSQL", no_traffic },
	{ "DIAMETER", no_traffic },
	{ "SSL_DIAMETER", no_traffic },
	{ "TFTP", no_traffic },
	{ "ORACLE", no_traffic },
	{ "SMPP", no_traffic },
	{ "SYSLOGTCP", no_traffic },
	{ "SYSLOGUDP", no_traffic },
	{ "FIX", no_traffic },
	{ "SSL_FIX", no_traffic },
	{ "USER_TCP", no_traffic },
	{ "USER_SSL_TCP", no_traffic },
	{ "LOGSTREAM", no_traffic },
	{ "QUIC", no_traffic },
	{ "QUIC_BRIDGE", no_traffic },
	{ "HTTP_QUIC", no_traffic },
	{ "MQTT", no_traffic },
	{ "MQTT_TLS", no_traffic },
	{ "MONGO", no_traffic },
	{ "MONGO_TLS", no_traffic },
	{ NULL, NULL },
};

const struct kind *kind_find(struct str object)
{
	for (unsigned i = 0; i < KIND_COUNT; i++)
		if (str_equal_nocase(object, str_of(kinds[i]->object)))
			return kinds[i];
	return NULL;
}

int kind_option(const struct kind *kind, struct str name)
{
	for (unsigned i = 0; i < kind->option_count; i++)
		if (name.length > 0 && str_equal_nocase(name, str_of(kind->options[i].name)))
			return (int)i;
	return -1;
}

/* The protocol below TLS. */
static struct str plain(struct str protocol)
{
	if (str_equal_nocase(protocol, STR("SSL")))
		return STR("HTTP");
	if (str_equal_nocase(protocol, STR("SSL_TCP")))
		return STR("TCP");
	return protocol;
}

bool kind_same_family(struct str protocol, struct str other)
{
	return str_equal_nocase(plain(protocol), plain(other));
}

const char *kind_client_timeout(struct str protocol)
{
	if (str_equal(plain(protocol), STR("HTTP")))
		return "180";
	return str_equal(plain(protocol), STR("TCP")) ? "9000" : "120";
}

const char *kind_server_timeout(struct str protocol)
{
	if (str_equal(plain(protocol), STR("HTTP")))
		return "360";
	return str_equal(plain(protocol), STR("TCP")) ? "9000" : "120";
}

/* "0x" and eight digits. */
static bool read_hex(struct str text, uint32_t *number)
{
	static const char digits[] = "0123456789abcdef";

	if (text.length != 10 || !str_starts_nocase(text, STR("0x")))
		return false;
	*number = 0;
	for (size_t i = 2; i < text.length; i++) {
		char digit = (char)(text.at[i] >= 'A' && text.at[i] <= 'F' ? text.at[i] + 32
									   : text.at[i]);
		const char *found = memchr(digits, digit, 16);

		if (found == NULL)
			return false;
		*number = *number << 4 | (uint32_t)(found - digits);
	}
	return true;
}

bool kind_netmask(struct str text, uint32_t *mask)
{
	struct address address;
	uint32_t number, rest;

	if (!read_hex(text, &number)) {
		if (!address_parse(text, 0, &address) || address.any.sa_family != AF_INET)
			return false;
		number = ntohl(address.v4.sin_addr.s_addr);
	}
	rest = ~number;
	*mask = htonl(number);
	return number != 0 && (rest & (rest + 1)) == 0;
}
