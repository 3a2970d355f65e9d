#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Helm chart and the kustomization deploy the same thing.

  charts.py HELM KUSTOMIZE

Renders both in several configurations and compares what comes out, object by object.
"""
import os
import shutil
import subprocess
import sys
import tempfile

import yaml

HELM, KUSTOMIZE = sys.argv[1:3]
CHART = "deploy/helm/netpol"
SERVER = "https://192.0.2.10:6443"


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False)


def helm(*values):
    words = [HELM, "template", "netpol", CHART, "-n", "kube-system"]
    for value in values:
        words += ["--set", value]
    return run(*words)


def objects(text):
    """Objects by kind and name, in the form in which both deploy them."""
    found = {}
    for item in yaml.safe_load_all(text):
        if item and item["kind"] != "ConfigMap":
            found[item["kind"], item["metadata"]["name"]] = item
    agent = found["DaemonSet", "netpol"]["spec"]["template"]["spec"]["containers"][0]
    # The kustomization hands the address on in the environment, the chart in the command.
    agent["env"] = [e for e in agent["env"] if e["name"] != "API_SERVER"]
    agent["command"] = ["--api-server=" + SERVER if word == "--api-server=$(API_SERVER)" else word
                        for word in agent["command"]]
    return found


def server_of(text):
    """What the agent of a kustomization gets as API_SERVER, by the name of the ConfigMap."""
    maps = {}
    for item in yaml.safe_load_all(text):
        if item["kind"] == "ConfigMap":
            maps[item["metadata"]["namespace"], item["metadata"]["name"]] = item["data"]
        if item["kind"] == "DaemonSet":
            agent, = [c for c in item["spec"]["template"]["spec"]["containers"]
                      if c["name"] == "agent"]
            ref, = [e["valueFrom"]["configMapKeyRef"] for e in agent["env"]
                    if e["name"] == "API_SERVER"]
            namespace = item["metadata"]["namespace"]
    return maps[namespace, ref["name"]][ref["key"]]


def kustomize(*components):
    with tempfile.TemporaryDirectory() as folder:
        base = os.path.join(folder, "kubernetes")
        shutil.copytree("deploy/kubernetes", base)
        path = os.path.join(base, "kustomization.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert text.count("api-server=\n") == 1
        text = text.replace("api-server=\n", "api-server=%s\n" % SERVER)
        if components:
            text += "components:\n" + "".join("- %s\n" % name for name in components)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = run(KUSTOMIZE, "build", base)
        assert done.returncode == 0, done.stderr
        assert server_of(done.stdout) == SERVER
        return done.stdout


def same(values, components):
    done = helm(*values)
    assert done.returncode == 0, done.stderr
    chart, other = objects(done.stdout), objects(kustomize(*components))
    assert chart.keys() == other.keys(), (chart.keys(), other.keys())
    for key, item in chart.items():
        assert item == other[key], "%s differs:\n%s\n%s" % (
            key, yaml.dump(item), yaml.dump(other[key]))


def refused(text, *values):
    done = helm(*values)
    assert done.returncode != 0 and text in done.stderr, (values, done.stderr)


same(["apiServer=" + SERVER], [])
same(["apiServer=" + SERVER, "removeTaint=netpol.io/agent-not-ready"], ["taint"])
same(["kubeletKubeconfig=/etc/kubernetes/kubelet.conf"], ["kubelet-server"])
same(["kubeletKubeconfig=/etc/kubernetes/kubelet.conf", "removeTaint=netpol.io/agent-not-ready"],
     ["kubelet-server", "taint"])
same(["apiServer=" + SERVER, "module.enabled=true"], ["module"])
refused("set apiServer to the URL")
refused("set one of them", "apiServer=" + SERVER, "kubeletKubeconfig=/x")
refused("apiServer", "apiServer=192.0.2.10")
refused("unknown", "apiServer=" + SERVER, "unknown=maybe")
refused("apiserver", "apiserver=" + SERVER)
lint = run(HELM, "lint", "--strict", CHART, "--set", "apiServer=" + SERVER)
assert lint.returncode == 0, lint.stdout + lint.stderr
with open("dkms.conf", encoding="utf-8") as conf:
    version = [line.split('"')[1] for line in conf if line.startswith("PACKAGE_VERSION=")][0]
with open(CHART + "/Chart.yaml", encoding="utf-8") as chart_file:
    chart_yaml = yaml.safe_load(chart_file)
assert chart_yaml["version"] == chart_yaml["appVersion"] == version, chart_yaml
# Values that are empty, or that YAML could take for something else.
odd = helm("kubeletKubeconfig=/a: #b", "nodeSelector=null", "tolerations=null", "resources=null",
           "priorityClassName=", "podAnnotations.prometheus\\.io/scrape=no")
assert odd.returncode == 0, odd.stderr
assert odd.stdout.count("prometheus.io/scrape:") == 1, odd.stdout
pod = objects(odd.stdout)["DaemonSet", "netpol"]["spec"]["template"]
assert pod["metadata"]["annotations"] == {"prometheus.io/scrape": "no",
                                          "prometheus.io/port": "9474"}, pod["metadata"]
assert [v["hostPath"]["path"] for v in pod["spec"]["volumes"] if v["name"] == "kubelet"] == [
    "/a: #b"]
assert not {"priorityClassName", "nodeSelector", "tolerations"} & pod["spec"].keys(), pod["spec"]
# What more the chart can say, the tool takes.
more = objects(helm("apiServer=" + SERVER, "guardPrefixes={10.1.0.0/16,fd00::/64}",
                    "guardInterfaces={cali*}", "unknown=allow", "auditAnnotations=true",
                    "extraArgs={--gzip}").stdout)
command = more["DaemonSet", "netpol"]["spec"]["template"]["spec"]["containers"][0]["command"]
assert command[-5:] == ["--guard-prefix=10.1.0.0/16,fd00::/64", "--guard-interface=cali*",
                        "--unknown=allow", "--audit-annotations", "--gzip"], command
for word in command[2:]:
    help_text = run("build/netpolctl", "sync", "--help").stdout
    assert not word.startswith("--") or word.split("=")[0] in help_text, word
