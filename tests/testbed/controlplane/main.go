// Both servers of a Kubernetes control plane in one binary, for tests:
// "controlplane etcd DIR CLIENT_URL PEER_URL" runs etcd, any other arguments
// are those of kube-apiserver.
package main

import (
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

const usage = `usage: controlplane etcd DIR CLIENT_URL PEER_URL
       controlplane KUBE_APISERVER_FLAG... (--help lists them)`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if os.Args[1] == "etcd" {
		os.Exit(runEtcd(os.Args[2:]))
	}
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
