// "tools consume stored": serves what lies in a storage root and takes every
// artifact of it as its consumers do.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/fluxcd/pkg/http/fetch"
	"github.com/fluxcd/pkg/tar"
)

const kindDirectory = "ocirepository"

// consumeStored prints "PATH DIGEST" of each artifact below any directory of
// the kind; links of one file are taken once.
func consumeStored(root string) error {
	artifacts, err := storedArtifacts(root)
	if err != nil || len(artifacts) == 0 {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("no address can be listened on: %w", err)
	}
	defer listener.Close()
	go http.Serve(listener, http.FileServer(http.Dir(root)))

	var failures []error
	for _, artifact := range artifacts {
		sum, err := fileSum(filepath.Join(root, artifact))
		if err != nil {
			return err
		}
		digest := "sha256:" + sum
		url := "http://" + listener.Addr().String() + "/" + path.Join(escaped(artifact)...)
		if err := takeStored(url, digest); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", artifact, err))
			continue
		}
		fmt.Println(artifact, digest)
	}
	return errors.Join(failures...)
}

func escaped(artifact string) []string {
	parts := strings.Split(filepath.ToSlash(artifact), "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(part, ":", "%3A")
	}
	return parts
}

func storedArtifacts(root string) ([]string, error) {
	var artifacts []string
	var seen []fs.FileInfo
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".")
		if entry.IsDir() && hidden && relative != "." {
			return fs.SkipDir
		}
		isArtifact := strings.Contains(filepath.ToSlash(relative), kindDirectory+"/") && strings.HasSuffix(name, "gz")
		if !entry.Type().IsRegular() || hidden || !isArtifact {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		for _, other := range seen {
			if os.SameFile(other, info) {
				return nil
			}
		}
		seen, artifacts = append(seen, info), append(artifacts, relative)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the storage can't be listed: %w", err)
	}
	return artifacts, nil
}

// takeStored unpacks an artifact; what turns out to be a chart is loaded too.
func takeStored(url, digest string) error {
	directory, err := os.MkdirTemp("", "consumed.*")
	if err != nil {
		return fmt.Errorf("no temporary directory can be made: %w", err)
	}
	defer os.RemoveAll(directory)
	limit := fetch.WithMaxDownloadSize(tar.UnlimitedUntarSize)
	unpacked := filepath.Join(directory, "unpacked")
	if err := os.Mkdir(unpacked, 0o755); err != nil {
		return err
	}
	untar := fetch.WithUntar(tar.WithMaxUntarSize(tar.UnlimitedUntarSize))
	if err := fetch.New(limit, untar).Fetch(url, digest, unpacked); err != nil {
		return fmt.Errorf("the artifact can't be fetched: %w", err)
	}
	charts, err := filepath.Glob(filepath.Join(unpacked, "*", "Chart.yaml"))
	if err != nil || len(charts) == 0 {
		return err
	}
	if err := fetch.New(limit, fetch.WithFileName(chartFile)).Fetch(url, digest, directory); err != nil {
		return fmt.Errorf("the chart can't be fetched: %w", err)
	}
	_, _, err = loadChart(filepath.Join(directory, chartFile))
	return err
}
