"""What signing asks of services on the network: timestamps, OCSP responses, revocation lists."""
