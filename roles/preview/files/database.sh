#!/bin/sh
# database.sh create|drop NAME: makes or drops a database and the user of the same name, in the instance of ENVIRONMENT_URL.
# ENVIRONMENT_URL is of whoever may: postgres://USER:PASSWORD@ADDRESS:PORT/DATABASE?OPTIONS. NEW_URL, for create, has the
# password of the new user. Both can be run again after an interruption.
set -eu

# printf knows no hexadecimal escapes in every shell.
decoded() {
  left=$1
  while [ "${left#*%}" != "$left" ]; do
    after=${left#*%}
    hex=${after%"${after#??}"}
    printf '%s' "${left%%%*}"
    # shellcheck disable=SC2059 # The format is the character.
    printf "\\$(printf '%03o' "0x$hex")"
    left=${after#??}
  done
  printf '%s' "$left"
}
user_of() { of=${1#*://}; of=${of%%@*}; decoded "${of%%:*}"; }
password_of() { of=${1#*://}; of=${of%%@*}; decoded "${of#*:}"; }
address_of() { of=${1#*@}; of=${of%%/*}; printf '%s' "${of%:*}"; }
port_of() { of=${1#*@}; of=${of%%/*}; printf '%s' "${of##*:}"; }
database_of() { of=${1#*@}; of=${of#*/}; decoded "${of%%\?*}"; }
sslmode_of() { of=${1##*sslmode=}; printf '%s' "${of%%&*}"; }

# Not as psql's arguments: those are in the list of processes.
PGUSER=$(user_of "$ENVIRONMENT_URL")
PGPASSWORD=$(password_of "$ENVIRONMENT_URL")
PGHOST=$(address_of "$ENVIRONMENT_URL")
PGPORT=$(port_of "$ENVIRONMENT_URL")
PGDATABASE=$(database_of "$ENVIRONMENT_URL")
PGSSLMODE=$(sslmode_of "$ENVIRONMENT_URL")
export PGUSER PGPASSWORD PGHOST PGPORT PGDATABASE PGSSLMODE

psql() { command psql --no-psqlrc --quiet --tuples-only --set=ON_ERROR_STOP=1 --set=name="$name" --file=-; }

name=$2
case $1 in
create)
  NEW_PASSWORD=$(password_of "$NEW_URL")
  export NEW_PASSWORD
  # The password in a statement of its own, which has no reason to fail: Postgres writes failed ones into its log.
  psql << 'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
GRANT :"name" TO CURRENT_USER;
\getenv password NEW_PASSWORD
ALTER ROLE :"name" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
  echo "Made the database $name and its user."
  ;;
drop)
  psql << 'SQL'
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
SELECT format('DROP OWNED BY %I', :'name') WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
DROP ROLE IF EXISTS :"name";
SQL
  echo "Dropped the database $name and its user."
  ;;
esac
