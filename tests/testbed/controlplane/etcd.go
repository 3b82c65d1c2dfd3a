// Runs one etcd member for tests: loopback, no fsync, warnings and errors on stderr.
package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

const etcdUsage = "usage: controlplane etcd DIR CLIENT_URL PEER_URL"

const etcdStartTimeout = 60 * time.Second

func runEtcd(arguments []string) int {
	if len(arguments) != 3 {
		fmt.Fprintln(os.Stderr, etcdUsage)
		return 2
	}
	config, err := etcdConfig(arguments[0], arguments[1], arguments[2])
	if err != nil {
		fmt.Fprintf(os.Stderr, "controlplane etcd: %v\n%s\n", err, etcdUsage)
		return 2
	}
	if err := serveEtcd(config); err != nil {
		fmt.Fprintf(os.Stderr, "controlplane etcd: %v\n", err)
		return 1
	}
	return 0
}

func etcdConfig(directory, client, peer string) (*embed.Config, error) {
	clientURL, err := listenURL(client)
	if err != nil {
		return nil, fmt.Errorf("the client URL %q is not usable: %w", client, err)
	}
	peerURL, err := listenURL(peer)
	if err != nil {
		return nil, fmt.Errorf("the peer URL %q is not usable: %w", peer, err)
	}
	config := embed.NewConfig()
	config.Dir = directory
	config.UnsafeNoFsync = true
	config.LogLevel = "warn"
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration
	config.LogOutputs = []string{"stderr"}
	config.ListenClientUrls = []url.URL{*clientURL}
	config.AdvertiseClientUrls = []url.URL{*clientURL}
	config.ListenPeerUrls = []url.URL{*peerURL}
	config.AdvertisePeerUrls = []url.URL{*peerURL}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	return config, nil
}

func listenURL(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if parsed.Scheme != "http" || parsed.Port() == "" {
		return nil, fmt.Errorf("it must look like http://127.0.0.1:PORT")
	}
	return parsed, nil
}

func serveEtcd(config *embed.Config) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	server, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("etcd does not start: %w", err)
	}
	defer server.Close()

	select {
	case <-server.Server.ReadyNotify():
	case <-server.Server.StopNotify():
		return fmt.Errorf("etcd stopped while it was starting")
	case err := <-server.Err():
		return fmt.Errorf("etcd failed while it was starting: %w", err)
	case <-signals:
		return nil
	case <-time.After(etcdStartTimeout):
		return fmt.Errorf("etcd is not ready after %s", etcdStartTimeout)
	}

	select {
	case <-server.Server.StopNotify():
		return fmt.Errorf("etcd stopped by itself")
	case err := <-server.Err():
		return fmt.Errorf("etcd failed: %w", err)
	case <-signals:
		return nil
	}
}
