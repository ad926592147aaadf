#!/bin/sh
# For the scripts that start a service, to be read by them: none of them runs without a secret.
#
#     choose_secret NAME VALUE    sets `secret`, to VALUE or, where that is blank, to a new one;
#                                 `made` is yes or no

# shellcheck disable=SC2034  # `made` is for who reads this
choose_secret() {
    made=no
    secret=$(printf '%s' "$2" | tr -d '[:space:]')
    if [ -z "$secret" ]; then
        made=yes
        secret=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
        return
    fi
    # Nothing that a header, a JSON file or an address would need to quote.
    case $2 in
        *[!A-Za-z0-9._~+-]*) secret= ;;
    esac
    if [ "${#secret}" -lt 16 ]; then
        echo "$1: expected 16 characters or more of A-Z, a-z, 0-9 and . _ ~ + -" >&2
        exit 2
    fi
}
