# Sourced by up and down: `compose_for NAME` makes ready, `compose ARGUMENT...` calls whichever compose is there.
# shellcheck shell=bash disable=SC2154 # $stacks and die() are the caller's

compose_command=()
compose_arguments=()
compose_work=

compose() { "${compose_command[@]}" "${compose_arguments[@]}" "$@"; }

# The compose there is; Debian 12 has no `docker compose`, its package docker-compose is 1.29.
find_compose() {
    if docker compose version >/dev/null 2>&1; then
        compose_command=(docker compose)
    elif command -v docker-compose >/dev/null; then
        compose_command=(docker-compose)
    elif [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        apt-get install -y --no-install-recommends docker-compose >/dev/null 2>&1 || die "apt-get could not install docker-compose; install it or the compose plugin"
        compose_command=(docker-compose)
    else
        die "neither 'docker compose' nor docker-compose is there; install one of them"
    fi
}

compose_for() { # NAME
    local folder=$stacks/$1 file
    find_compose
    compose_arguments=(--project-name "$1" --project-directory "$folder")
    compose_work=$(mktemp -d)
    trap 'rm -rf -- "$compose_work"' EXIT
    # The order in which compose itself would merge them.
    for file in compose.yaml docker-compose.override.yml; do
        if [[ ! -f $folder/$file ]]; then continue; fi
        if grep -q '# dropped by up$' "$folder/$file"; then
            grep -v '# dropped by up$' "$folder/$file" >"$compose_work/$file"
            compose_arguments+=(--file "$compose_work/$file")
        else
            compose_arguments+=(--file "$folder/$file")
        fi
    done
}
