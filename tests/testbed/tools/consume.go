// "tools consume": fetches an artifact as kustomize-controller does and lists
// its files. "tools consume chart" keeps the archive and loads it as helm does.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fluxcd/pkg/http/fetch"
	"github.com/fluxcd/pkg/tar"
)

const chartFile = "chart.tgz"

func consumeCommand(arguments []string) error {
	if len(arguments) == 2 && arguments[0] == "stored" {
		return consumeStored(arguments[1])
	}
	synopsis, isChart := "consume URL DIGEST DIRECTORY", false
	if len(arguments) > 0 && arguments[0] == "chart" {
		synopsis, isChart, arguments = "consume chart URL DIGEST DIRECTORY", true, arguments[1:]
	}
	flags := newFlags(synopsis)
	retries := flags.Int("retries", 0, "how often a failed download is repeated")
	positional, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	url, digest, directory := positional[0], positional[1], positional[2]
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("the directory can't be made: %w", err)
	}
	options := []fetch.Option{fetch.WithRetries(*retries), fetch.WithMaxDownloadSize(tar.UnlimitedUntarSize)}
	if isChart {
		options = append(options, fetch.WithFileName(chartFile))
	} else {
		options = append(options, fetch.WithUntar(tar.WithMaxUntarSize(tar.UnlimitedUntarSize)))
	}
	if err := fetch.New(options...).Fetch(url, digest, directory); err != nil {
		return fmt.Errorf("the artifact can't be fetched: %w", err)
	}
	if isChart {
		name, version, err := loadChart(filepath.Join(directory, chartFile))
		if err != nil {
			return err
		}
		fmt.Println(name, version)
		return nil
	}
	return listFiles(directory)
}

// listFiles prints "PATH SHA256" of each regular file, ordered by path.
func listFiles(directory string) error {
	return filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("the files can't be listed: %w", err)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		sum, err := fileSum(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(directory, path)
		if err != nil {
			return fmt.Errorf("the files can't be listed: %w", err)
		}
		fmt.Printf("%s %s\n", filepath.ToSlash(relative), sum)
		return nil
	})
}

func fileSum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("a file can't be read: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("a file can't be read: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
