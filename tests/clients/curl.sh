#!/bin/bash
# curl.sh form|raw|tus|deferred|ietf URL FILE: sends a file as a person would who has nothing but curl, and goes on until it is there.
set -u
dialect=$1 url=$2 file=$3
name=${file##*/} size=$(stat -c %s "$file") tries=100 piece=${PIECE:-4000000}
head=$(mktemp) && trap 'rm -f "$head"' EXIT

# Sends a request; its answer's head is then in $head. Fails where the answer is an error, or broke off: curl takes a
# head without an end for a whole one, whatever its status.
ask() {
    [ $((tries -= 1)) -gt 0 ] || exit 1
    curl --silent --show-error --fail --max-time 60 --output /dev/null --dump-header "$head" \
        --header "Authorization: Bearer $TOKEN" "$@" && [ "$(tail -n 1 "$head")" = $'\r' ] ||
        { sleep 0.05 && false; }
}

said() {
    sed -n "s/^$1: \(.*\)\r$/\1/Ip" "$head" | tail -n 1
}

# A key makes it safe to send again what may have arrived.
once() {
    until ask --header "Idempotency-Key: $name" "$@"; do :; done
}

create() {
    until ask --request POST "$@" && [[ $(said location) =~ /upload/[0-9a-f-]{36}/$ ]]; do :; done
    address=$url$(said location)
}

# Asks how much is there and sends the next piece, until all is.
resume() {
    while ! is_there "$@"; do
        offset=$(said upload-offset)
        tail -c +$((offset + 1)) "$file" | head -c "$piece" | send "$@"
    done
}

is_there() {
    until ask --head "$@" "$address"; do :; done
    case $dialect in
    tus | deferred) [ "$(said upload-offset)/$(said upload-length)" = "$size/$size" ] ;;
    ietf) [ "$(said upload-complete)" = '?1' ] ;;
    esac
}

send() {
    local ends='?0' length=()
    [ $((offset + piece)) -lt "$size" ] || ends='?1' length=(--header "Upload-Length: $size")
    case $dialect in
    tus | deferred) # in chunks, which do not say how many bytes there are
        ask --request PATCH "$@" "${length[@]}" --header 'Content-Type: application/offset+octet-stream' \
            --header "Upload-Offset: $offset" --upload-file - "$address" ;;
    ietf)
        ask --request PATCH --header 'Content-Type: application/partial-upload' --header "Upload-Complete: $ends" \
            --header "Upload-Offset: $offset" --data-binary @- "$address" ;;
    esac
}

case $dialect in
form) once --form "file=@$file" "$url/upload/" ;;
raw) once --header 'Content-Type: application/octet-stream' --data-binary "@$file" "$url/upload/?name=$name" ;;
tus | deferred)
    version=(--header 'Tus-Resumable: 1.0.0') length="Upload-Length: $size"
    [ "$dialect" = tus ] || length='Upload-Defer-Length: 1'
    create "${version[@]}" --header "$length" \
        --header "Upload-Metadata: filename $(printf %s "$name" | base64 -w 0)" "$url/upload/"
    resume "${version[@]}" ;;
ietf)
    create --header 'Upload-Complete: ?0' --header "Upload-Length: $size" "$url/upload/?name=$name"
    resume ;;
esac
exit 0
