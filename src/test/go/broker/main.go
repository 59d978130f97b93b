// A broker as Wireleap's is to its client (HTTP/2 in clear text, one request a flow), with Go's own server.
//
//	go run main.go LISTEN [BREAK [CIRCUIT]]
//
// LISTEN is the address to listen at. A flow to the port BREAK ends with an error status as its trailer behind the first
// bytes that its target says. The file CIRCUIT holds the address of the first relay, by way of which targets are reached.
// Says "listening" when it does. Needs Go 1.24 or later, and no module.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

// pieceBytes is what Wireleap's broker reads at once, in either direction, and passes on at once.
const pieceBytes = 32 << 10

const patience = 5 * time.Second

const failure = `{"code":502,"description":"circuit is broken","origin":"test"}`

func main() {
	broken, circuit := "", ""
	if len(os.Args) > 2 {
		broken = os.Args[2]
	}
	if len(os.Args) > 3 {
		circuit = os.Args[3]
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Protocols: protocols, Handler: handler(broken, circuit)}
	fmt.Println("listening")
	log.Fatal(server.Serve(listener))
}

// handler dials what a request asks for and splices the two; the first end of either direction is the end of both.
func handler(broken, circuit string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut || r.URL.Path != "/broker" || r.Header.Get("wl-forwarder") != "tun" {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		target := r.Header.Get("wl-dial-target")
		far, err := dial(circuit, r.Header.Get("wl-dial-protocol"), target)
		if err != nil {
			return // 200 and nothing: a target that could not be dialled
		}
		defer far.Close()
		go func() {
			io.CopyBuffer(onlyWriter{far}, r.Body, make([]byte, pieceBytes))
			far.Close()
		}()
		_, port, _ := net.SplitHostPort(target)
		answer(w, far, port == broken)
	}
}

// dial reaches a target by itself or, where there is a circuit, by its first relay, which is told the target in a line.
func dial(circuit, protocol, target string) (net.Conn, error) {
	if circuit == "" {
		return net.DialTimeout(protocol, target, patience)
	}
	relay, err := os.ReadFile(circuit)
	if err != nil {
		return nil, err
	}
	far, err := net.DialTimeout("tcp", string(relay), patience)
	if err == nil {
		fmt.Fprintln(far, target)
	}
	return far, err
}

func answer(w http.ResponseWriter, far net.Conn, breaks bool) {
	if breaks {
		w.Header().Set("Trailer", "wl-status")
	}
	buffer := make([]byte, pieceBytes)
	for {
		n, err := far.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			if breaks {
				w.Header().Set("wl-status", failure)
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// onlyWriter hides ReadFrom: a datagram's connection must see each read of the body as a write of its own.
type onlyWriter struct{ io.Writer }
