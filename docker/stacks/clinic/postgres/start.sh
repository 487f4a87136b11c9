#!/bin/sh
# Like the well-known image: starts as root, steps down, and does what POSTGRES_* says.
set -eu
as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
chown -R postgres: "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    as_postgres initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --auth="$POSTGRES_HOST_AUTH_METHOD" >/dev/null
    echo "host all all all $POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
fi
exec setpriv --reuid postgres --regid postgres --clear-groups postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp
