// "tools push": pushes a directory as "flux push artifact" does. "tools push
// chart" packages a chart and pushes it as helm does. Both print the digest.
package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/fluxcd/pkg/oci"
	"github.com/fluxcd/pkg/sourceignore"
	"github.com/google/go-containerregistry/pkg/crane"
)

const reproducibleTime = "1970-01-01T00:00:00Z"

func pushCommand(arguments []string) error {
	if len(arguments) > 0 && arguments[0] == "chart" {
		return pushChartCommand(arguments[1:])
	}
	flags := newFlags("push URL")
	path := flags.String("path", "", "file or directory to push")
	source := flags.String("source", "", "where the content comes from, such as a Git URL")
	revision := flags.String("revision", "", "revision of the source, such as main@sha1:...")
	annotations := flags.StringArray("annotation", nil, "NAME=VALUE of the manifest (may be repeated)")
	ignored := flags.StringSlice("ignore-paths", nil, "patterns of files left out (default: version control and media files)")
	reproducible := flags.Bool("reproducible", false, "equal content gives an equal digest")
	insecure := flags.Bool("insecure", false, "allow plain HTTP and certificates of unknown origin")
	credentials := flags.String("creds", "", "USER:PASSWORD or a token of the registry")
	positional, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if err := requireFlags(flags, "path", "source", "revision"); err != nil {
		return err
	}
	address, err := oci.ParseArtifactURL(positional[0])
	if err != nil {
		return badUsage("%v", err)
	}
	metadata := oci.Metadata{Source: *source, Revision: *revision, Annotations: map[string]string{}}
	for _, annotation := range *annotations {
		name, value, err := splitPair("annotation", annotation, "=")
		if err != nil {
			return err
		}
		metadata.Annotations[name] = value
	}
	if *reproducible {
		metadata.Created = reproducibleTime
	}
	if !flags.Changed("ignore-paths") {
		*ignored = strings.Split(sourceignore.ExcludeVCS+","+sourceignore.ExcludeExt, ",")
	}
	client, err := newArtifactClient(*insecure, *credentials)
	if err != nil {
		return err
	}
	pushed, err := client.Push(context.Background(), address, *path,
		oci.WithPushMetadata(metadata), oci.WithPushIgnorePaths(*ignored...))
	if err != nil {
		return fmt.Errorf("the artifact can't be pushed: %w", err)
	}
	_, digest, _ := strings.Cut(pushed, "@")
	fmt.Println(digest)
	return nil
}

func newArtifactClient(insecure bool, credentials string) (*oci.Client, error) {
	options := oci.DefaultOptions()
	if insecure {
		options = append(options, crane.Insecure)
	}
	client := oci.NewClient(options)
	if credentials == "" {
		return client, nil
	}
	if err := client.LoginWithCredentials(credentials); err != nil {
		return nil, fmt.Errorf("the credentials can't be used: %w", err)
	}
	return client, nil
}
