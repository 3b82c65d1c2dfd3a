// The peer's own tools in one binary, for end-to-end tests: a registry, its
// token server, the clients that push, tag, sign and consume artifacts, and helm.
package main

import (
	"errors"
	"fmt"
	"os"
	"sort"

	"github.com/spf13/pflag"
)

var commands = map[string]func(arguments []string) error{
	"registry": registryCommand,
	"token":    tokenCommand,
	"push":     pushCommand,
	"tag":      tagCommand,
	"sign":     signCommand,
	"consume":  consumeCommand,
	"helm":     helmCommand,
}

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(arguments []string) int {
	if len(arguments) == 0 {
		fmt.Fprintln(os.Stderr, overview())
		return 2
	}
	if arguments[0] == "--help" || arguments[0] == "-h" {
		fmt.Println(overview())
		return 0
	}
	command, known := commands[arguments[0]]
	if !known {
		fmt.Fprintf(os.Stderr, "tools: there is no subcommand %q\n%s\n", arguments[0], overview())
		return 2
	}
	err := command(arguments[1:])
	if err == nil || errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(os.Stderr, "tools %s: %v\n", arguments[0], err)
	var usage *usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

func overview() string {
	names := make([]string, 0, len(commands))
	for name := range commands {
		names = append(names, name)
	}
	sort.Strings(names)
	text := "usage: tools SUBCOMMAND [FLAG...] [ARGUMENT...]; \"tools SUBCOMMAND --help\" lists the flags of one of:"
	for _, name := range names {
		text += " " + name
	}
	return text
}
