/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes policies out of the attributes of NETPOL_CMD_TXN_ADD. parse.h says what all these
 * functions need and return.
 */
#ifndef NETPOL_PARSE_POLICY_H
#define NETPOL_PARSE_POLICY_H

#include "parse.h"

struct netpol_policy *netpol_parse_policy(struct netpol_parse *parse,
					  const struct nlattr *nest);
int netpol_parse_rule(struct netpol_parse *parse, const struct nlattr *nest,
		      struct netpol_policy *policy);
int netpol_parse_peer(struct netpol_parse *parse, const struct nlattr *nest,
		      struct netpol_policy *policy);
int netpol_parse_except(struct netpol_parse *parse, const struct nlattr *nest,
			struct netpol_policy *policy);
int netpol_parse_port(struct netpol_parse *parse, const struct nlattr *nest,
		      struct netpol_policy *policy);

#endif /* NETPOL_PARSE_POLICY_H */
