/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An edit makes the next snapshot. It is begun, filled with objects, prepared, and then
 * published or aborted, while the world's mutex is held all the time:
 *
 *	netpol_edit_begin()
 *	netpol_edit_expect()	if many objects are to come
 *	netpol_edit_namespace(), _pod(), _policy(), _settings(), _audit*(), _delete_*(), _sweep(),
 *	_clear()
 *	netpol_edit_prepare()	validates, allocates and compiles; the last step that can fail
 *	netpol_edit_publish()	or netpol_edit_abort(), which may come at any earlier point too
 *
 * After a failure only netpol_edit_abort() is allowed. It leaves the world, every dump and
 * every verdict as they were before the edit. An object that is given to an edit belongs to it
 * from then on.
 */
#ifndef NETPOL_EDIT_H
#define NETPOL_EDIT_H

#include "core/fault.h"
#include "core/world.h"

struct netpol_edit;

struct netpol_edit *netpol_edit_begin(struct netpol_world *world, const char *origin,
				      struct netpol_fault *fault);
int netpol_edit_expect(struct netpol_edit *edit, u32 namespaces, u32 pods, u32 policies);
int netpol_edit_namespace(struct netpol_edit *edit, struct netpol_namespace *namespace);
int netpol_edit_pod(struct netpol_edit *edit, struct netpol_pod *pod);
int netpol_edit_policy(struct netpol_edit *edit, struct netpol_policy *policy);
int netpol_edit_settings(struct netpol_edit *edit, struct netpol_settings *settings);
int netpol_edit_audit(struct netpol_edit *edit, const struct netpol_audit *audit);
int netpol_edit_audit_end(struct netpol_edit *edit, const struct netpol_audit *audit);
int netpol_edit_delete_namespace(struct netpol_edit *edit, struct netpol_text name);
int netpol_edit_delete_pod(struct netpol_edit *edit, struct netpol_text ns,
			   struct netpol_text name, const u8 *uid);
int netpol_edit_delete_policy(struct netpol_edit *edit, u8 kind, struct netpol_text ns,
			      struct netpol_text name);
int netpol_edit_sweep(struct netpol_edit *edit);
int netpol_edit_clear(struct netpol_edit *edit);
void netpol_policies_settle(const struct netpol_edit *edit, struct netpol_ns *ns);
int netpol_edit_prepare(struct netpol_edit *edit);
struct netpol_snapshot *netpol_edit_publish(struct netpol_edit *edit);
void netpol_edit_abort(struct netpol_edit *edit);

#endif /* NETPOL_EDIT_H */
