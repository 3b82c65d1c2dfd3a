// What both servers share: an address that is printed once it is bound, an
// access log of one line a request, and a clean end on SIGTERM.
package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// standardError stays open for the errors that follow the access log.
type standardError struct{ io.Writer }

func (standardError) Close() error { return nil }

func openAccessLog(path string) (io.WriteCloser, error) {
	if path == "" {
		return standardError{os.Stderr}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the access log can't be opened: %w", err)
	}
	return file, nil
}

// serve answers requests until SIGTERM or SIGINT.
func serve(listener net.Listener, handler http.Handler, tlsConfig *tls.Config, log io.Writer) error {
	server := &http.Server{Handler: withAccessLog(handler, log), TLSConfig: tlsConfig}
	failed := make(chan error, 1)
	go func() {
		if tlsConfig != nil {
			failed <- server.ServeTLS(listener, "", "")
		} else {
			failed <- server.Serve(listener)
		}
	}()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	fmt.Printf("listening %s\n", listener.Addr())

	select {
	case <-signals:
		return server.Close()
	case err := <-failed:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serving failed: %w", err)
	}
}

func withAccessLog(handler http.Handler, log io.Writer) http.Handler {
	var lock sync.Mutex
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		method, path := request.Method, request.URL.Path
		recorder := &statusRecorder{ResponseWriter: writer, record: func(status int) {
			lock.Lock()
			defer lock.Unlock()
			fmt.Fprintf(log, "%s %s %d\n", method, path, status)
		}}
		handler.ServeHTTP(recorder, request)
		recorder.once(http.StatusOK)
	})
}

// statusRecorder records a status before the client can see it, so that a
// test that has its response also finds the line in the log.
type statusRecorder struct {
	http.ResponseWriter
	record   func(status int)
	recorded bool
}

func (s *statusRecorder) once(status int) {
	if s.recorded || status < http.StatusOK {
		return
	}
	s.recorded = true
	s.record(status)
}

func (s *statusRecorder) WriteHeader(status int) {
	s.once(status)
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusRecorder) Write(data []byte) (int, error) {
	s.once(http.StatusOK)
	return s.ResponseWriter.Write(data)
}

func (s *statusRecorder) Flush() {
	s.once(http.StatusOK)
	if flusher, ok := s.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
}

func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }
