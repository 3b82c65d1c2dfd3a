// "tools tag": gives an artifact that is in the registry one more tag, as
// "flux tag artifact" does, and prints the new reference.
package main

import (
	"context"
	"fmt"

	"github.com/fluxcd/pkg/oci"
)

func tagCommand(arguments []string) error {
	flags := newFlags("tag URL TAG")
	insecure := flags.Bool("insecure", false, "allow plain HTTP and certificates of unknown origin")
	credentials := flags.String("creds", "", "USER:PASSWORD or a token of the registry")
	positional, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	address, err := oci.ParseArtifactURL(positional[0])
	if err != nil {
		return badUsage("%v", err)
	}
	client, err := newArtifactClient(*insecure, *credentials)
	if err != nil {
		return err
	}
	tagged, err := client.Tag(context.Background(), address, positional[1])
	if err != nil {
		return fmt.Errorf("the artifact can't be tagged: %w", err)
	}
	fmt.Println(tagged)
	return nil
}
