# shellcheck shell=bash disable=SC2154
# What a newcomer does, by curl, and whether it came out right. For bash; sourced by run-smoke and docker-smoke, which set:
#   address   where Filemill answers
#   samples   a folder of our own for the files to upload
ids=()   # what was uploaded,
sent=()  # and from which file
image=iVBORw0KGgoAAAANSUhEUgAAAUAAAADIAQAAAACxfwUGAAAATElEQVR42u3XIQ7AMBADwb3+/88pLKgURcFjdGCQyclT1aqa7fV0GBAEQRD8MgcvZvQIgiAI3v4ZewYEQRC0Z0AQBEF7RuEgCILgLy+ogBWJrZNlOQAAAABJRU5ErkJggg==

# Runs a command quietly and prints a line of the table; a failure ends the script and shows what the command said.
# (A function that is run so must not lean on `set -e`, which is off inside a condition.)
check() {
    local words=$1 began=$SECONDS
    shift
    if "$@" >"$samples/output" 2>&1 </dev/null; then
        printf 'ok      %4ss  %s\n' $((SECONDS - began)) "$words"
    else
        printf 'FAILED  %4ss  %s\n' $((SECONDS - began)) "$words"
        cat "$samples/output"
        exit 1
    fi
}

# Tries a command again until it succeeds; a minute or two is for slow machines, nobody waits that long elsewhere.
eventually() {
    local until=$((SECONDS + 120))
    until "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.2
    done
}

free_port() {
    local port
    while port=$((RANDOM % 10000 + 20000)); do
        (: <>/dev/tcp/127.0.0.1/$port) 2>/dev/null || break
    done
    echo $port
}

ready() { curl -fsS "$address/readyz"; }

upload() {
    local answer id
    answer=$(curl -fsS -F "file=@$1" "$address/upload/") || return 1
    echo "$answer"
    id=$(grep -o '"id": *"[^"]*"' <<<"$answer" | head -n 1 | cut -d '"' -f 4)
    ids+=("$id")
    sent+=("$1")
    eventually finished "$id" && processed "$id"
}

upload_image() {
    base64 -d <<<"$image" >"$samples/photo.png"
    upload "$samples/photo.png" && curl -fsS "$address/files/" | grep '"thumbnail-256"'
}

upload_text() {
    local note
    note=$samples/note-${#ids[@]}.txt
    echo "Note ${#ids[@]}: a fox ran over the hill. $(date)" >"$note"
    upload "$note"
}

page_is_whole() {
    local path
    curl -fsS "$address/" >"$samples/page" || return 1
    for path in $(grep -oE '/static/filemill/built/page-[0-9A-Z]+\.(css|js)' "$samples/page"); do
        curl -fsS "$address$path" --output "$samples/part" && test -s "$samples/part" || return 1
    done
    grep -q '\.css' "$samples/page" && grep -q '\.js' "$samples/page"
}

file_has() { curl -fsS "$address/files/$1/" | tee "$samples/file" | tr -d ' ' | grep -qE "\"status\":\"($2)\""; }
finished() { file_has "$1" 'processed|failed'; }
processed() { file_has "$1" processed || { cat "$samples/file" && false; }; }

# The list shows each upload, no more and no less, and each gives back the bytes that were sent.
nothing_lost() {
    local number
    [ "$(curl -fsS "$address/files/?page_size=200" | grep -o '"sha256"' | wc -l)" -eq ${#ids[@]} ] || return 1
    for number in "${!ids[@]}"; do
        processed "${ids[number]}" || return 1
        curl -fsS "$address/files/${ids[number]}/content/" | cmp - "${sent[number]}" || return 1
    done
}
