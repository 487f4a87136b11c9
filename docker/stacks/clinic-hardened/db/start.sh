#!/bin/sh
# First start: makes the cluster and the application's role; every start: runs the server, TLS and scram only.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --pgdata="$PGDATA" --username=clinic_owner --pwfile=/run/secrets/db_owner_password \
        --auth-local=scram-sha-256 --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    # Single-user mode: nothing listens while the role is made, and the password stays out of every argument list.
    {
        printf "CREATE ROLE triage LOGIN PASSWORD '%s' NOSUPERUSER NOCREATEDB NOCREATEROLE;\n" "$(cat /run/secrets/db_app_password)"
        echo 'CREATE DATABASE triage OWNER triage;'
        echo 'REVOKE ALL ON DATABASE triage FROM PUBLIC;'
    } | postgres --single -D "$PGDATA" postgres >/dev/null
fi

exec postgres -D "$PGDATA" \
    -c listen_addresses='*' \
    -c hba_file=/etc/postgresql/pg_hba.conf \
    -c password_encryption=scram-sha-256 \
    -c ssl=on \
    -c ssl_cert_file=/run/secrets/db.crt \
    -c ssl_key_file=/run/secrets/db.key \
    -c ssl_min_protocol_version=TLSv1.2 \
    -c unix_socket_directories=/run/postgresql \
    -c log_connections=on
