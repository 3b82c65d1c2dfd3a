// The flags of "tools registry" and the registry's configuration made of them,
// on top of a configuration file if one is given.
package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/spf13/pflag"
	"golang.org/x/crypto/bcrypt"
)

const registryDefaults = `
version: 0.1
log: {level: error}
http: {addr: "127.0.0.1:0"}
storage: {inmemory: {}, delete: {enabled: true}}
`

type registrySettings struct {
	configFile, listen, directory, accessLog string
	users                                    []string
	realm, service, issuer, tokenCertificate string
	certificate, key, clientCA               string
	notify, notifyHeaders                    []string
}

func registryFlags(flags *pflag.FlagSet) *registrySettings {
	s := &registrySettings{}
	flags.StringVar(&s.configFile, "config", "", "the registry's own configuration file; the other flags override it")
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "address; port 0 chooses one")
	flags.StringVar(&s.directory, "directory", "", "directory of the blobs (default: in memory)")
	flags.StringVar(&s.accessLog, "access-log", "", "file for one line \"METHOD PATH STATUS\" a request (default: stderr)")
	flags.StringArrayVar(&s.users, "user", nil, "NAME:PASSWORD that basic authentication accepts (may be repeated)")
	flags.StringVar(&s.realm, "token-realm", "", "URL of the token server, such as http://localhost:PORT/token (the clients refuse loopback addresses); asks for bearer tokens")
	flags.StringVar(&s.service, "token-service", "registry", "audience of the tokens")
	flags.StringVar(&s.issuer, "token-issuer", "tools", "issuer of the tokens")
	flags.StringVar(&s.tokenCertificate, "token-certificate", "", "PEM file with the certificate of the token server")
	flags.StringVar(&s.certificate, "tls-certificate", "", "PEM file; serves HTTPS")
	flags.StringVar(&s.key, "tls-key", "", "PEM file")
	flags.StringVar(&s.clientCA, "tls-client-ca", "", "PEM file; asks for client certificates of this CA")
	flags.StringArrayVar(&s.notify, "notify", nil, "NAME=URL that receives notifications (may be repeated)")
	flags.StringArrayVar(&s.notifyHeaders, "notify-header", nil, "\"NAME: VALUE\" sent with each notification (may be repeated)")
	return s
}

func (s *registrySettings) configuration(flags *pflag.FlagSet, workDirectory string) (*configuration.Configuration, error) {
	config, err := s.base()
	if err != nil {
		return nil, err
	}
	if s.configFile == "" || flags.Changed("listen") {
		config.HTTP.Addr = s.listen
	}
	if s.directory != "" {
		config.Storage = configuration.Storage{
			"filesystem": {"rootdirectory": s.directory},
			"delete":     {"enabled": true},
		}
	}
	if (s.certificate == "") != (s.key == "") {
		return nil, badUsage("--tls-certificate and --tls-key go together")
	}
	if s.clientCA != "" && s.certificate == "" {
		return nil, badUsage("--tls-client-ca needs --tls-certificate")
	}
	if s.certificate != "" {
		config.HTTP.TLS.Certificate, config.HTTP.TLS.Key = s.certificate, s.key
	}
	if s.clientCA != "" {
		config.HTTP.TLS.ClientCAs = []string{s.clientCA}
	}
	if err := s.authentication(config, workDirectory); err != nil {
		return nil, err
	}
	return config, s.notifications(config)
}

func (s *registrySettings) base() (*configuration.Configuration, error) {
	text := []byte(registryDefaults)
	if s.configFile != "" {
		var err error
		if text, err = os.ReadFile(s.configFile); err != nil {
			return nil, fmt.Errorf("the configuration file can't be read: %w", err)
		}
	}
	config, err := configuration.Parse(strings.NewReader(string(text)))
	if err != nil {
		return nil, fmt.Errorf("the configuration file can't be parsed: %w", err)
	}
	return config, nil
}

func (s *registrySettings) authentication(config *configuration.Configuration, workDirectory string) error {
	if s.realm != "" {
		if len(s.users) != 0 || s.tokenCertificate == "" {
			return badUsage("--token-realm needs --token-certificate and excludes --user")
		}
		config.Auth = configuration.Auth{"token": {
			"realm": s.realm, "service": s.service, "issuer": s.issuer, "rootcertbundle": s.tokenCertificate,
		}}
		return nil
	}
	if len(s.users) == 0 {
		return nil
	}
	var lines strings.Builder
	for _, user := range s.users {
		name, password, err := splitPair("user", user, ":")
		if err != nil {
			return err
		}
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			return fmt.Errorf("the password of user %q can't be hashed: %w", name, err)
		}
		fmt.Fprintf(&lines, "%s:%s\n", name, hash)
	}
	path := filepath.Join(workDirectory, "htpasswd")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		return fmt.Errorf("the user list can't be written: %w", err)
	}
	config.Auth = configuration.Auth{"htpasswd": {"realm": "registry", "path": path}}
	return nil
}

func (s *registrySettings) notifications(config *configuration.Configuration) error {
	headers := http.Header{}
	for _, header := range s.notifyHeaders {
		name, value, err := splitPair("notify-header", header, ":")
		if err != nil {
			return err
		}
		headers.Add(name, strings.TrimSpace(value))
	}
	for _, endpoint := range s.notify {
		name, url, err := splitPair("notify", endpoint, "=")
		if err != nil {
			return err
		}
		config.Notifications.Endpoints = append(config.Notifications.Endpoints, configuration.Endpoint{
			Name: name, URL: url, Headers: headers, Timeout: 5 * time.Second, Threshold: 5, Backoff: time.Second,
		})
	}
	return nil
}
