// "tools sign": signs with cosign and a key, in the form whose signatures are
// tags of the repository, without a transparency log. "tools sign keygen"
// makes the key pair.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/sigstore/cosign/v3/cmd/cosign/cli/options"
	"github.com/sigstore/cosign/v3/cmd/cosign/cli/sign"
	"github.com/sigstore/cosign/v3/pkg/cosign"
)

func signCommand(arguments []string) error {
	if len(arguments) > 0 && arguments[0] == "keygen" {
		return keygenCommand(arguments[1:])
	}
	flags := newFlags("sign REFERENCE")
	key := flags.String("key", "", "private key made by \"tools sign keygen\"")
	insecure := flags.Bool("insecure", false, "allow plain HTTP and certificates of unknown origin")
	credentials := flags.String("creds", "", "USER:PASSWORD of the registry")
	positional, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if err := requireFlags(flags, "key"); err != nil {
		return err
	}
	registry := options.RegistryOptions{AllowInsecure: *insecure, AllowHTTPRegistry: *insecure}
	if *credentials != "" {
		name, password, err := splitPair("creds", *credentials, ":")
		if err != nil {
			return err
		}
		registry.AuthConfig = authn.AuthConfig{Username: name, Password: password}
	}
	signing := options.SignOptions{
		Upload: true, SkipConfirmation: true, TlogUpload: false, NewBundleFormat: false, Registry: registry,
	}
	keys := options.KeyOpts{KeyRef: *key, PassFunc: emptyPassword, SkipConfirmation: true}
	root := &options.RootOptions{Timeout: options.DefaultTimeout}
	reference := strings.TrimPrefix(positional[0], "oci://")
	if err := sign.SignCmd(context.Background(), root, keys, signing, []string{reference}); err != nil {
		return fmt.Errorf("%s can't be signed: %w", reference, err)
	}
	return nil
}

func keygenCommand(arguments []string) error {
	positional, err := parse(newFlags("sign keygen DIRECTORY"), arguments)
	if err != nil {
		return err
	}
	pair, err := cosign.GenerateKeyPair(emptyPassword)
	if err != nil {
		return fmt.Errorf("no key pair can be made: %w", err)
	}
	directory := positional[0]
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return fmt.Errorf("the directory of the keys can't be made: %w", err)
	}
	if err := os.WriteFile(filepath.Join(directory, "cosign.key"), pair.PrivateBytes, 0o600); err != nil {
		return fmt.Errorf("the private key can't be written: %w", err)
	}
	if err := os.WriteFile(filepath.Join(directory, "cosign.pub"), pair.PublicBytes, 0o644); err != nil {
		return fmt.Errorf("the public key can't be written: %w", err)
	}
	return nil
}

func emptyPassword(bool) ([]byte, error) { return nil, nil }
