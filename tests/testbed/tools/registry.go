// "tools registry": CNCF distribution, the registry itself, with its access
// log and its address where a test can read them.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	"github.com/sirupsen/logrus"

	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
)

func registryCommand(arguments []string) error {
	flags := newFlags("registry")
	settings := registryFlags(flags)
	if _, err := parse(flags, arguments); err != nil {
		return err
	}
	workDirectory, err := os.MkdirTemp("", "registry.*")
	if err != nil {
		return fmt.Errorf("no temporary directory can be made: %w", err)
	}
	defer os.RemoveAll(workDirectory)

	config, err := settings.configuration(flags, workDirectory)
	if err != nil {
		return err
	}
	tlsConfig, err := registryTLS(config.HTTP.TLS)
	if err != nil {
		return err
	}
	log, err := openAccessLog(settings.accessLog)
	if err != nil {
		return err
	}
	defer log.Close()
	listener, err := net.Listen("tcp", config.HTTP.Addr)
	if err != nil {
		return fmt.Errorf("the address can't be listened on: %w", err)
	}
	defer listener.Close()
	config.HTTP.Addr = listener.Addr().String()

	registry, err := newRegistry(config)
	if err != nil {
		return err
	}
	return serve(listener, registry, tlsConfig, log)
}

// newRegistry turns the panics by which distribution reports a wrong
// configuration into errors.
func newRegistry(config *configuration.Configuration) (registry http.Handler, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the registry refuses its configuration: %v", cause)
		}
	}()
	level, err := logrus.ParseLevel(string(config.Log.Level))
	if err != nil {
		return nil, fmt.Errorf("the log level is not known: %w", err)
	}
	logrus.SetLevel(level)
	logrus.SetOutput(os.Stderr)
	return handlers.NewApp(context.Background(), config), nil
}

func registryTLS(settings configuration.TLS) (*tls.Config, error) {
	if settings.Certificate == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(settings.Certificate, settings.Key)
	if err != nil {
		return nil, fmt.Errorf("the TLS certificate and key can't be used: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if len(settings.ClientCAs) == 0 {
		return config, nil
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.ClientCAs = x509.NewCertPool()
	for _, path := range settings.ClientCAs {
		if err := addCertificates(config.ClientCAs, path); err != nil {
			return nil, err
		}
	}
	return config, nil
}

func addCertificates(pool *x509.CertPool, path string) error {
	bundle, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the client CA can't be read: %w", err)
	}
	if !pool.AppendCertsFromPEM(bundle) {
		return fmt.Errorf("the client CA file %s holds no certificate", path)
	}
	return nil
}
