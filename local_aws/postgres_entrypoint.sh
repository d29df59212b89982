#!/bin/sh
# What the official postgres image promises: the user, the password and the database of its environment, made once.
set -eu

as_postgres() {
  setpriv --reuid=postgres --regid=postgres --init-groups "$@"
}

if [ "$1" = postgres ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    password=$(mktemp)
    printf '%s' "$POSTGRES_PASSWORD" > "$password"
    chown postgres "$password"
    as_postgres initdb --username="$user" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 --no-instructions
    rm "$password"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
    if [ "$database" != postgres ]; then
      as_postgres pg_ctl --wait --options="-c listen_addresses=''" start
      as_postgres createdb --username="$user" "$database"
      as_postgres pg_ctl --wait --mode=fast stop
    fi
  fi
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
fi
exec "$@"
