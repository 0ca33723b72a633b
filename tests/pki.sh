#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Certificates for tests of TLS, in a folder:
#
#     tests/pki.sh DIR
#
# ca.pem trusts server (127.0.0.1, ::1, localhost), client, and, which are not good for anything, expired and
# othername; other-ca.pem trusts other, which is server's like. Each NAME is NAME.pem with NAME.key.
# locked.key is client.key behind a pass phrase.
set -eu
cd "$1"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

authority() { # NAME
	key "$1"
	openssl req -x509 -new -key "$1.key" -subj "/CN=$1 of a test" -days 30 -out "$1.pem" -addext "keyUsage=keyCertSign" \
		-addext "basicConstraints=critical,CA:TRUE"
}

certificate() { # NAME CA DAYS SUBJECT ALTERNATIVES
	key "$1"
	printf 'subjectAltName=%s\n' "$5" >"$1.ext"
	openssl req -new -key "$1.key" -subj "/CN=$4" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" -extfile "$1.ext" -out "$1.pem"
	rm "$1.csr" "$1.ext"
}

here=IP:127.0.0.1,IP:::1,DNS:localhost
authority ca
authority other-ca
certificate server ca 30 localhost "$here"
certificate client ca 30 root DNS:client
openssl pkcs8 -topk8 -in client.key -out locked.key -passout pass:unknown
certificate expired ca -1 localhost "$here"
certificate othername ca 30 elsewhere.example DNS:elsewhere.example
certificate other other-ca 30 localhost "$here"
