// "tools helm": helm with its own command line, for the tests of the chart.
package main

import (
	"fmt"
	"os"

	"helm.sh/helm/v4/pkg/cmd"
	"helm.sh/helm/v4/pkg/kube"
)

func helmCommand(arguments []string) error {
	// What helm calls itself on the objects that it applies, whatever the name of its binary.
	kube.ManagedFieldsManager = "helm"
	helm, err := cmd.NewRootCmd(os.Stdout, arguments, cmd.SetupLogging)
	if err != nil {
		return fmt.Errorf("helm can't be set up: %w", err)
	}
	helm.SetArgs(arguments)
	helm.SilenceErrors = true
	return helm.Execute()
}
