#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spec.py SPEC - the kernel's own client of netlink specifications (tools/net/ynl of
# Linux 6.12) against the module, with nothing but docs/netlink/netpol.yaml: loads
# objects, reads them back, evaluates packets, reads errors. What no file is generated
# from is held to the specification too: commands, permissions, multicast groups, and
# what the module says of its checks.
#
# spec.py --modules - prints the files of Python that this needs, for the VM.
import errno
import os
import socket
import struct
import sys

import yaml

from ynl import Netlink, NlError, YnlFamily
from ynl.ynl import GenlMsg, NlAttrs, NlMsgs

GETPOLICY = 10
ATTR_OPS, ATTR_POLICY, ATTR_OP_POLICY, ATTR_OP = 6, 8, 9, 10
ADMIN_PERM, CAP_DO, CAP_DUMP, CAP_HASPOL = 1, 2, 4, 8
TCP, UDP = 6, 17

results = []


def check(what, good, got=None):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}", flush=True)
    if not good:
        print(f"# got {got!r}", flush=True)


def equal(what, got, want):
    check(what, got == want, got)


def refused(ynl, method, values):
    """The error of a request that must be refused."""
    try:
        ynl.do(method, values)
    except NlError as error:
        return error
    return None


def cookie(error):
    """The number of the refused object, which this version of the client does not know."""
    for attr in error.nl_msg.extack.get("unknown", []):
        if attr.type == Netlink.NLMSGERR_ATTR_COOKIE:
            return attr.as_scalar("u64")
    return None


def label(key, value):
    return {"key": key, "value": value}


def selector(key, value):
    return {"requirement": [{"key": key, "operator": "in", "value": [value]}]}


def load(ynl):
    txn = ynl.do("txn-begin", {"origin": "manual", "flags": ["full"]})["txn"]
    ynl.do("txn-add", {
        "txn": txn,
        "label-set": [{"id": 1, "label": [label("app", "web")],
                       "port": [{"name": "http", "protocol": "tcp", "first": 8080}]},
                      {"id": 2, "label": [label("app", "client")]}],
        "namespace": [{"name": "shop", "label": [label("team", "sales")]}],
        "pod": [{"namespace": "shop", "name": "web", "uid": bytes(range(16)), "label-set": 1,
                 "address4": [bytes([10, 0, 1, 2])], "flags": 3},
                {"namespace": "shop", "name": "client", "label-set": 2,
                 "address4": [bytes([10, 0, 1, 3])],
                 "address6": [bytes([0xfd] + [0] * 14 + [3])], "flags": 3}],
        "policy": [{"kind": "network-policy", "namespace": "shop", "name": "web",
                    "subject": selector("app", "web"), "directions": 1}],
        "rule": [{"direction": "ingress"}],
        "peer": [{"pod-selector": selector("app", "client")}],
        "port": [{"protocol": "tcp", "name": "http"}],
    })
    return ynl.do("txn-commit", {"txn": txn, "messages": 1})


def test_objects(ynl):
    equal("a commit makes a generation", load(ynl)["generation"], 1)
    info = ynl.do("get-info", {})
    equal("information: features by name", info["features"],
          {"network-policy", "cluster-network-policy", "audit", "trace"})
    equal("information: flags by name", info["flags"], {"enforcing"})
    equal("information: the origin", info["origin-info"][0]["name"], "manual")
    equal("information: every limit has a name",
          sorted(limit["id"] for limit in info["limit"]),
          sorted(entry for entry in ynl.consts["limit"].entries))
    pods = {pod["name"]: pod for message in ynl.dump("get-pod", {}) for pod in message["pod"]}
    equal("both pods are listed", sorted(pods), ["client", "web"])
    web = pods["web"]
    equal("a pod: its address", web["address4"], ["10.0.1.2"])
    equal("a pod: its labels", web["label"], [label("app", "web")])
    equal("a pod: its named port", web["port"],
          [{"protocol": "tcp", "first": 8080, "name": "http"}])
    equal("a pod: its uid", web["uid"], bytes(range(16)))
    equal("a pod: its origin", web["origin"], "manual")
    equal("a pod: IPv6", pods["client"]["address6"], ["fd00::3"])
    policy = ynl.dump("get-policy", {})[0]
    equal("a policy: kind, subject and directions",
          [policy["policy"][0][key] for key in ("kind", "subject", "directions")],
          ["network-policy", selector("app", "web"), 1])
    equal("a policy: its rule, peer and port",
          [policy["rule"][0]["direction"], policy["peer"][0], policy["port"][0]["name"]],
          ["ingress", {"pod-selector": selector("app", "client")}, "http"])
    equal("a namespace", ynl.dump("get-namespace", {})[0]["namespace"][0]["label"],
          [label("team", "sales")])
    equal("the settings", ynl.do("get-settings", {})["settings"]["unknown"], "deny")
    trie = [entry for message in ynl.dump("get-trie", {"trie": {
        "pod-namespace": "shop", "pod-name": "web"}}) for entry in message["trie"]]
    check("the program of a pod", any(entry.get("rows") for entry in trie), trie)
    counters = ynl.dump("get-counters", {"flags": ["zero"]})
    check("counters, with their rules", any("rule" in message for message in counters), counters)


def test_eval(ynl):
    tuple4 = {"source-namespace": "shop", "source-name": "client",
              "destination4": bytes([10, 0, 1, 2]), "protocol": TCP, "port": 8080}
    answer = ynl.do("eval", {"eval": tuple4})
    equal("eval: allowed", [answer["verdict"], answer["reason"]], ["allow", "rule"])
    step = next(s for s in answer["step"] if s.get("policy-name") == "web")
    equal("eval: the step that allows it", [step["direction"], step["rule"]], ["ingress", 0])
    answer = ynl.do("eval", {"eval": tuple4 | {"port": 80}})
    equal("eval: denied", [answer["verdict"], answer["reason"], answer["direction"]],
          ["deny", "isolated", "ingress"])


def test_errors(ynl):
    error = refused(ynl, "txn-add", {"txn": 7, "port": [{"protocol": "tcp", "first": 80},
                                                        {"protocol": "tcp", "first": 0}]})
    equal("an error names its attribute", error.nl_msg.extack.get("bad-attr"), ".port.first")
    equal("and what it may hold", error.nl_msg.extack["policy"]["min-value"], 1)
    equal("its number", error.error, errno.ERANGE)
    error = refused(ynl, "txn-add", {"txn": 7, "pod": [{"namespace": "x" * 64}]})
    equal("a string that is too long", error.nl_msg.extack.get("bad-attr"), ".pod.namespace")
    error = refused(ynl, "txn-add", {"txn": 7, "namespace": [{"name": "a", "origin": "b"}]})
    equal("an attribute of dumps", error.nl_msg.extack.get("bad-attr"), ".namespace.origin")
    error = refused(ynl, "txn-begin", {"origin": "manual", "flags": ["check"]})
    equal("a flag of another command", error.nl_msg.extack.get("bad-attr"), ".flags")
    error = refused(ynl, "txn-begin", {})
    equal("an error names what is missing", error.nl_msg.extack.get("miss-type"), "origin")
    error = refused(ynl, "txn-abort", {"txn": 12345})
    equal("no such transaction", [error.error, error.nl_msg.extack.get("bad-attr")],
          [errno.ENOENT, ".txn"])
    txn = ynl.do("txn-begin", {"origin": "manual"})["txn"]
    error = refused(ynl, "txn-add", {"txn": txn, "namespace": [{"name": "new"}], "pod": [
        {"namespace": "shop", "name": "odd", "address4": [bytes([224, 0, 0, 1])]}]})
    equal("a refused object: its attribute", error.nl_msg.extack.get("bad-attr"),
          ".pod.address4")
    equal("a refused object: its number", cookie(error), 1)
    ynl.do("txn-abort", {"txn": txn})
    equal("nothing of it is there", ynl.do("get-info", {})["generation"], 1)


# --- what the module says of itself -------------------------------------------------


def ask_controller(command, attribute, flags):
    """Messages of an answer of the generic netlink controller."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, Netlink.NETLINK_GENERIC)
    body = struct.pack("BBH", command, 1, 0) + attribute
    sock.send(struct.pack("IHHII", 16 + len(body), Netlink.GENL_ID_CTRL,
                          Netlink.NLM_F_REQUEST | Netlink.NLM_F_ACK | flags, 1, 0) + body)
    while True:
        for message in NlMsgs(sock.recv(1 << 17)):
            if message.done:
                if message.error:
                    raise OSError(-message.error, os.strerror(-message.error))
                return
            yield list(NlAttrs(GenlMsg(message).raw))


def family_attribute(name):
    text = name.encode() + b"\0"
    return struct.pack("HH", 4 + len(text), Netlink.CTRL_ATTR_FAMILY_NAME) + text + \
        b"\0" * (-len(text) % 4)


def inner(attr):
    return {entry.type: entry for entry in NlAttrs(attr.raw)}


def requests(op):
    return op.get("do", op.get("dump", {})).get("request", {}).get("attributes", [])


def test_commands(spec):
    want = {}
    for op in spec["operations"]["list"]:
        if "event" in op:
            continue
        want[op["name"]] = (CAP_DO if "do" in op else 0) | (CAP_DUMP if "dump" in op else 0) | \
            CAP_HASPOL | (ADMIN_PERM if "admin-perm" in op["flags"] else 0)
    family = next(ask_controller(Netlink.CTRL_CMD_GETFAMILY, family_attribute("netpol"), 0))
    ops = next(attr for attr in family if attr.type == ATTR_OPS)
    got = {}
    for entry in NlAttrs(ops.raw):
        op = inner(entry)
        got[spec["operations"]["list"][op[1].as_scalar("u32") - 1]["name"]] = \
            op[2].as_scalar("u32")
    equal("commands: do, dump, permission", got, want)
    groups = next(attr for attr in family if attr.type == Netlink.CTRL_ATTR_MCAST_GROUPS)
    equal("multicast groups", sorted(inner(entry)[1].as_strz() for entry in NlAttrs(groups.raw)),
          sorted(group["name"] for group in spec["mcast-groups"]["list"]))


def accepted(spec, name, set_name, only=None):
    """{path: type} of what a request may carry in a nest, or in a command."""
    sets = {s["name"]: s for s in spec["attribute-sets"]}
    full = {a["name"]: a for a in sets[set_name]["attributes"]}
    taken = only or [a["name"] for a in sets.get(f"{name}-request", sets[set_name])["attributes"]]
    for attr in (full[name] for name in taken):
        if attr["type"] == "pad":
            continue
        if attr["type"] == "nest":
            yield attr["name"], "nested"
            for path, kind in accepted(spec, attr["nested-attributes"],
                                       attr["nested-attributes"]):
                yield f"{attr['name']}.{path}", kind
        else:
            yield attr["name"], {"string": "nul-string"}.get(attr["type"], attr["type"])


def advertised(spec, tables, index, set_name):
    """The same from the policies of the module."""
    names = {}
    value = 0
    for attr in next(s for s in spec["attribute-sets"] if s["name"] == set_name)["attributes"]:
        value = attr.get("value", value + 1)
        names[value] = attr
    for number, entry in tables[index].items():
        parts = inner(entry)
        kind = Netlink.AttrType(parts[Netlink.NL_POLICY_TYPE_ATTR_TYPE].as_scalar("u32")).name
        attr = names[number]
        yield attr["name"], kind
        if kind == "nested":
            below = parts[Netlink.NL_POLICY_TYPE_ATTR_POLICY_IDX].as_scalar("u32")
            for path, under in advertised(spec, tables, below, attr["nested-attributes"]):
                yield f"{attr['name']}.{path}", under


def test_policies(spec):
    for op in spec["operations"]["list"]:
        if not requests(op):
            continue
        number = [o["name"] for o in spec["operations"]["list"]].index(op["name"]) + 1
        which = struct.pack("HHI", 8, ATTR_OP, number)
        tables, first = {}, None
        for attrs in ask_controller(GETPOLICY, family_attribute("netpol") + which,
                                    Netlink.NLM_F_DUMP):
            for attr in attrs:
                if attr.type == ATTR_OP_POLICY:
                    first = next(iter(NlAttrs(next(iter(NlAttrs(attr.raw))).raw))).as_scalar("u32")
                elif attr.type == ATTR_POLICY:
                    for index, table in inner(attr).items():
                        tables.setdefault(index, {}).update(inner(table))
        equal(f"what {op['name']} accepts", dict(advertised(spec, tables, first, "netpol")),
              dict(accepted(spec, op["name"], op["attribute-set"], requests(op))))


def main():
    if sys.argv[1] == "--modules":
        # Loaded when first used.
        "x".encode("ascii").decode("latin-1")
        for module in list(sys.modules.values()):
            if getattr(module, "__file__", None):
                print(module.__file__)
        return 0
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    ynl = YnlFamily(sys.argv[1], schema="")
    test_objects(ynl)
    test_eval(ynl)
    test_errors(ynl)
    test_commands(spec)
    test_policies(spec)
    ynl.do("flush", {})
    equal("flushed", ynl.dump("get-pod", {}), [])
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
