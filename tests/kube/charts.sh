#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What deploys the agent, against a real API server: the Helm chart is installed, upgraded and
# taken away, and the server accepts what the kustomization renders.
#
#   tests/kube/charts.sh ASSETS      a folder with kube-apiserver and etcd (apiserver.sh)
set -euo pipefail
cd "$(dirname "$0")/../.."
assets=$1
helm=$(bash tests/run/gotool.sh helm)
kustomize=$(bash tests/run/gotool.sh kustomize)
python3 tests/kube/charts.py "$helm" "$kustomize"

dir=$(mktemp -d "${TMPDIR:-/tmp}/netpol-charts.XXXXXX")
trap 'bash tests/kube/plane.sh stop "$dir"; rm -rf "$dir"' EXIT
bash tests/kube/plane.sh start "$dir" "$assets"
# plane.sh made the roles for tests without a chart; here they come from the chart.
api()
{
	curl -sS --noproxy '*' --max-time 20 --cacert "$dir/ca.crt" \
		-H "Authorization: Bearer $(<"$dir/admin.token")" "$@"
}
for role in netpol netpol-taint; do
	api -f -X DELETE "$(<"$dir/url")/apis/rbac.authorization.k8s.io/v1/clusterroles/$role" >/dev/null
done
export HELM_CACHE_HOME=$dir/helm HELM_CONFIG_HOME=$dir/helm HELM_DATA_HOME=$dir/helm
export HELM_KUBEAPISERVER HELM_KUBETOKEN HELM_KUBECAFILE NO_PROXY='*' KUBECONFIG=/dev/null
HELM_KUBEAPISERVER=$(<"$dir/url")
HELM_KUBETOKEN=$(<"$dir/admin.token")
HELM_KUBECAFILE=$dir/ca.crt
chart=deploy/helm/netpol
daemonset() { api "$(<"$dir/url")/apis/apps/v1/namespaces/kube-system/daemonsets/netpol"; }

"$helm" install netpol $chart -n kube-system --set apiServer=https://192.0.2.10:6443
daemonset | jq -e '.spec.template.spec.containers[0].command |
	index("--api-server=https://192.0.2.10:6443")' >/dev/null
"$helm" upgrade netpol $chart -n kube-system \
	--set kubeletKubeconfig=/etc/kubernetes/kubelet.conf,removeTaint=netpol.io/agent-not-ready
daemonset | jq -e '.spec.template.spec.containers[0].command |
	index("--api-server-from=/etc/netpol/kubelet.conf") and
	index("--remove-taint=netpol.io/agent-not-ready")' >/dev/null
"$helm" uninstall netpol -n kube-system
daemonset | jq -e '.code == 404' >/dev/null

# The server's word on each object of the kustomization, with every field that it has.
"$kustomize" build deploy/kubernetes >"$dir/rendered.yaml"
mkdir "$dir/objects"
python3 - "$dir" <<'X'
import json, sys, yaml
KINDS = {"ServiceAccount": "api/v1/namespaces/kube-system/serviceaccounts",
         "ConfigMap": "api/v1/namespaces/kube-system/configmaps",
         "DaemonSet": "apis/apps/v1/namespaces/kube-system/daemonsets",
         "ClusterRole": "apis/rbac.authorization.k8s.io/v1/clusterroles",
         "ClusterRoleBinding": "apis/rbac.authorization.k8s.io/v1/clusterrolebindings"}
with open(sys.argv[1] + "/rendered.yaml", encoding="utf-8") as file:
    items = list(yaml.safe_load_all(file))
for number, item in enumerate(items):
    with open("%s/objects/%d.json" % (sys.argv[1], number), "w", encoding="utf-8") as out:
        json.dump(item, out)
    with open("%s/objects/%d.path" % (sys.argv[1], number), "w", encoding="utf-8") as out:
        out.write(KINDS[item["kind"]])
X
for file in "$dir"/objects/*.json; do
	api -f -X POST -H 'Content-Type: application/json' --data-binary @"$file" \
		"$(<"$dir/url")/$(<"${file%.json}.path")?dryRun=All" >"${file%.json}.answer"
done
# It drops what it does not know without a word.
python3 - "$dir"/objects/*.json <<'X'
import json, sys
def check(sent, got, path):
    if isinstance(sent, dict):
        for key in sent:
            assert key in got, "%s.%s is no field" % (path, key)
            check(sent[key], got[key], path + "." + key)
    elif isinstance(sent, list):
        assert len(sent) == len(got), path
        for number, item in enumerate(sent):
            check(item, got[number], "%s[%d]" % (path, number))
    else:
        assert sent == got, "%s: %r became %r" % (path, sent, got)
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file, \
            open(name[:-4] + "answer", encoding="utf-8") as answer:
        check(json.load(file), json.load(answer), name)
X
