// Go modules that carry the CustomResourceDefinitions which tests apply. Nothing of them is compiled; which folders
// are read is in ringfence/controlplane/definitions.py.
module ringfence.dev/tools/definitions

go 1.26

require (
	github.com/cert-manager/cert-manager v1.21.1
	github.com/envoyproxy/ai-gateway v1.0.0
	github.com/envoyproxy/gateway v1.9.0
	github.com/fluxcd/helm-controller v1.6.3
	github.com/fluxcd/kustomize-controller v1.9.4
	github.com/fluxcd/source-controller v1.9.4
	github.com/kserve/kserve v0.20.0
	github.com/metal3-io/baremetal-operator v0.13.2
	github.com/prometheus-operator/prometheus-operator v0.93.1
	github.com/vmware-tanzu/velero v1.18.1
	go.universe.tf/metallb v0.16.1
	sigs.k8s.io/cluster-api v1.14.0
	sigs.k8s.io/cluster-api-operator v0.28.0
	sigs.k8s.io/gateway-api v1.6.1
	sigs.k8s.io/jobset v0.12.0
	sigs.k8s.io/kueue v0.19.2
	sigs.k8s.io/lws v0.8.0
)
