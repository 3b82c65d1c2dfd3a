// "tools token": the token server that a registry with token authentication
// sends its clients to. It signs with a key of its own making.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/distribution/distribution/v3/registry/auth/token"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

type tokenServer struct {
	users         map[string]string
	anonymousPull bool
	issuer        string
	expires       time.Duration
	signer        jose.Signer
}

func tokenCommand(arguments []string) error {
	flags := newFlags("token")
	listen := flags.String("listen", "127.0.0.1:0", "address; port 0 chooses one; tokens are given out at /token")
	certificate := flags.String("certificate", "", "file that receives the certificate of the signing key")
	users := flags.StringArray("user", nil, "NAME:PASSWORD that gets every action it asks for (may be repeated)")
	anonymousPull := flags.Bool("anonymous-pull", false, "clients without credentials may pull")
	issuer := flags.String("issuer", "tools", "issuer of the tokens")
	expires := flags.Duration("expires", 5*time.Minute, "lifetime of the tokens")
	accessLog := flags.String("access-log", "", "file for one line \"METHOD PATH STATUS\" a request (default: stderr)")
	if _, err := parse(flags, arguments); err != nil {
		return err
	}
	if err := requireFlags(flags, "certificate"); err != nil {
		return err
	}
	server := &tokenServer{users: map[string]string{}, anonymousPull: *anonymousPull, issuer: *issuer, expires: *expires}
	for _, user := range *users {
		name, password, err := splitPair("user", user, ":")
		if err != nil {
			return err
		}
		server.users[name] = password
	}
	if err := server.makeKey(*certificate); err != nil {
		return err
	}
	log, err := openAccessLog(*accessLog)
	if err != nil {
		return err
	}
	defer log.Close()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("the address can't be listened on: %w", err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /token", server.answer)
	return serve(listener, routes, nil, log)
}

func (s *tokenServer) makeKey(certificatePath string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("no signing key can be made: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: s.issuer},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("no certificate can be made: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	if err := os.WriteFile(certificatePath, text, 0o644); err != nil {
		return fmt.Errorf("the certificate can't be written: %w", err)
	}
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", token.GetJWKThumbprint(key.Public()))
	s.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		return fmt.Errorf("the signing key can't be used: %w", err)
	}
	return nil
}

func (s *tokenServer) answer(writer http.ResponseWriter, request *http.Request) {
	name, password, given := request.BasicAuth()
	expected, known := s.users[name]
	if given && (!known || subtle.ConstantTimeCompare([]byte(password), []byte(expected)) != 1) {
		http.Error(writer, `{"errors":[{"code":"UNAUTHORIZED","message":"wrong user name or password"}]}`, http.StatusUnauthorized)
		return
	}
	query := request.URL.Query()
	now := time.Now()
	claims := token.ClaimSet{
		Issuer: s.issuer, Subject: name, Audience: token.AudienceList{query.Get("service")},
		NotBefore: now.Unix(), IssuedAt: now.Unix(), Expiration: now.Add(s.expires).Unix(),
		JWTID: rand.Text(), Access: s.granted(query["scope"], given),
	}
	signed, err := jwt.Signed(s.signer).Claims(claims).Serialize()
	if err != nil {
		http.Error(writer, "the token can't be signed", http.StatusInternalServerError)
		return
	}
	writer.Header().Set("Content-Type", "application/json")
	json.NewEncoder(writer).Encode(map[string]any{
		"token": signed, "expires_in": int(s.expires.Seconds()), "issued_at": now.UTC().Format(time.RFC3339),
	})
}

// granted lists what a token allows of scopes like "repository:app:pull,push".
func (s *tokenServer) granted(scopes []string, authenticated bool) []*token.ResourceActions {
	granted := []*token.ResourceActions{}
	for _, scope := range strings.Fields(strings.Join(scopes, " ")) {
		kind, rest, _ := strings.Cut(scope, ":")
		separator := strings.LastIndex(rest, ":")
		if separator < 0 {
			continue
		}
		actions := strings.Split(rest[separator+1:], ",")
		if !authenticated {
			if !s.anonymousPull {
				continue
			}
			actions = []string{"pull"}
		}
		granted = append(granted, &token.ResourceActions{Type: kind, Name: rest[:separator], Actions: actions})
	}
	return granted
}
