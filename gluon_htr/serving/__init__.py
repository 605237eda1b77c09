"""HTTP server: an interface for programs and a web page for people."""
