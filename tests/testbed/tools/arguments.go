// Command lines: flags and positional arguments in any order, and the error
// that stands for a wrong command line (exit status 2).
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func badUsage(format string, values ...any) error {
	return &usageError{fmt.Sprintf(format, values...)}
}

// newFlags begins the flags of a subcommand; synopsis is its name and the
// names of its positional arguments.
func newFlags(synopsis string) *pflag.FlagSet {
	flags := pflag.NewFlagSet(synopsis, pflag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	flags.Usage = func() {
		fmt.Fprintf(os.Stdout, "usage: tools %s\n%s", synopsis, flags.FlagUsages())
	}
	return flags
}

// parse reads a command line with exactly as many positional arguments as the
// synopsis names.
func parse(flags *pflag.FlagSet, arguments []string) ([]string, error) {
	synopsis := flags.Name()
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil, err
		}
		return nil, badUsage("%v (usage: tools %s)", err, synopsis)
	}
	expected := 0
	for _, word := range strings.Fields(synopsis) {
		if word == strings.ToUpper(word) {
			expected++
		}
	}
	if flags.NArg() != expected {
		return nil, badUsage("wrong number of arguments, %d instead of %d (usage: tools %s)", flags.NArg(), expected, synopsis)
	}
	return flags.Args(), nil
}

func requireFlags(flags *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		if !flags.Changed(name) {
			return badUsage("--%s is needed (usage: tools %s)", name, flags.Name())
		}
	}
	return nil
}

// splitPair cuts a flag's value of the form LEFT<separator>RIGHT; the error
// names the flag, not the value, which may hold a password.
func splitPair(flag, value, separator string) (left, right string, err error) {
	left, right, found := strings.Cut(value, separator)
	if !found || left == "" {
		return "", "", badUsage("--%s must look like NAME%sVALUE", flag, separator)
	}
	return left, right, nil
}
