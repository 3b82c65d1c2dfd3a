// "tools push chart": "helm package" and "helm push" in one; prints the digest
// of the manifest.
package main

import (
	"fmt"
	"os"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/registry"
)

func pushChartCommand(arguments []string) error {
	flags := newFlags("push chart URL")
	path := flags.String("path", "", "directory of the chart")
	version := flags.String("version", "", "version of the chart (default: the one in Chart.yaml)")
	insecure := flags.Bool("insecure", false, "use plain HTTP")
	credentials := flags.String("creds", "", "USER:PASSWORD of the registry")
	positional, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if err := requireFlags(flags, "path"); err != nil {
		return err
	}
	parent, found := strings.CutPrefix(positional[0], registry.OCIScheme+"://")
	if !found {
		return badUsage("the URL must look like oci://HOST/PARENT; name and version of the chart are added to it")
	}
	archive, reference, err := packageChart(*path, *version, strings.TrimSuffix(parent, "/"))
	if err != nil {
		return err
	}
	options := []registry.ClientOption{}
	if *insecure {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	if *credentials != "" {
		name, password, err := splitPair("creds", *credentials, ":")
		if err != nil {
			return err
		}
		options = append(options, registry.ClientOptBasicAuth(name, password))
	}
	client, err := registry.NewClient(options...)
	if err != nil {
		return fmt.Errorf("no registry client can be made: %w", err)
	}
	result, err := client.Push(archive, reference)
	if err != nil {
		return fmt.Errorf("the chart can't be pushed: %w", err)
	}
	fmt.Println(result.Manifest.Digest)
	return nil
}

// packageChart gives the archive's bytes and the reference below parent that
// helm pushes it to.
func packageChart(path, version, parent string) (archive []byte, reference string, err error) {
	directory, err := os.MkdirTemp("", "chart.*")
	if err != nil {
		return nil, "", fmt.Errorf("no temporary directory can be made: %w", err)
	}
	defer os.RemoveAll(directory)
	packager := action.NewPackage()
	packager.Version = version
	packager.Destination = directory
	file, err := packager.Run(path, nil)
	if err != nil {
		return nil, "", fmt.Errorf("the chart can't be packaged: %w", err)
	}
	name, packaged, err := loadChart(file)
	if err != nil {
		return nil, "", err
	}
	archive, err = os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("the packaged chart can't be read: %w", err)
	}
	return archive, fmt.Sprintf("%s/%s:%s", parent, name, packaged), nil
}

func loadChart(path string) (name, version string, err error) {
	loaded, err := loader.Load(path)
	if err != nil {
		return "", "", fmt.Errorf("the chart can't be loaded: %w", err)
	}
	accessor, err := chart.NewAccessor(loaded)
	if err != nil {
		return "", "", fmt.Errorf("the chart can't be read: %w", err)
	}
	version, _ = accessor.MetadataAsMap()["Version"].(string)
	return accessor.Name(), version, nil
}
