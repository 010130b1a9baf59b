// Workload is the only program in the images of the end-to-end tests: a web server that starts late, or a pause.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	// the first process of a container gets no default action for a signal
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	if len(os.Args) < 2 || os.Args[1] != "pause" {
		go serve()
	}
	<-ended
}

// serve answers / with the pod's name, and /files/ with the files of its image and volumes.
func serve() {
	seconds, _ := strconv.ParseFloat(os.Getenv("START_SECONDS"), 64)
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	name, _ := os.Hostname()
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, name) })
	http.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir("/"))))
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	if err := http.ListenAndServe(":"+port, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
