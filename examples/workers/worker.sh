#!/usr/bin/env bash
# A worker for deadletter's embedded queues: bash, curl and jq.
#   worker.sh QUEUE
# The server is DEADLETTER_SERVER or http://127.0.0.1:8025; a token is taken from DEADLETTER_TOKEN. A lease is LEASE_SECONDS (30)
# long. It works until it is told to end (SIGTERM, Ctrl-C), and finishes what it has in hand first, and what it is given in that
# moment: so it waits for the answer to its last request, five seconds at most.
set -u

[ $# -eq 1 ] || { echo "worker.sh: name one queue" >&2; exit 2; }
queue=$1
server=${DEADLETTER_SERVER:-http://127.0.0.1:8025}
wait_seconds=5   # for a message to come; curl cannot end a wait and still read what it is given
lease_seconds=${LEASE_SECONDS:-30}
longest_pause=30

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
say() { echo "$*" >&2; }

# Told to end: after the work, and after the answer that may bring some. Only a pause is cut short.
stopping=false
child=
pausing=false
end() {
  stopping=true
  if $pausing && [ -n "$child" ]; then kill "$child" 2>/dev/null; fi
}
trap end TERM INT

# Waits for a child; a signal ends only this wait, not the child.
finish() {
  child=$1
  wait "$child"
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  child=
}

# post NAME PATH BODY [SECONDS]: sets $status (000: no answer) and leaves the answer in $folder/NAME. The token is in no command line: those
# are seen by everybody on a machine.
post() {
  local name=$1 path=$2 body=$3 longest=${4:-10}
  rm -f "$folder/$name"
  curl --silent --output "$folder/$name" --write-out '%{http_code}' --max-time "$longest" \
       --config <(printf 'header = "Content-Type: application/json"\n'
                  [ -z "${DEADLETTER_TOKEN:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$DEADLETTER_TOKEN") \
       --data-binary "@-" "${server%/}$path" <<<"$body" >"$folder/$name.status" &
  finish $!
  status=$(cat "$folder/$name.status")
  status=${status:-000}
}
detail() { jq -r '.detail // empty' "$folder/$1" 2>/dev/null; }

pause=1
be_patient() {
  say "$1; once more in $pause s"
  pausing=true
  sleep "$pause" &
  finish $!
  pausing=false
  pause=$((pause * 2 > longest_pause ? longest_pause : pause * 2))
}

# answer PLACE WHAT BODY: the same answer until it is taken; what was done already does no harm a second time. False: it is never
# taken, because the lease was lost, or for what is wrong with it.
answer() {
  while true; do
    post answer "$1/$2" "$3"
    case $status in
      200) pause=1; return 0 ;;
      000 | 429 | 5??) be_patient "$2: $status $(detail answer)" ;;
      *) say "$2: $status $(detail answer)"; return 1 ;;
    esac
  done
}

# Keeps a delivery ours while we work on it.
extend() {
  trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit' TERM
  trap '' INT
  while true; do
    sleep $((lease_seconds > 5 ? lease_seconds / 3 : 1)) &
    finish $!
    post extend "$1/extend" "{\"lease\":$lease_seconds}"
    [ "$status" != 409 ] || return
  done
}

# do_action ACTION: reads the delivery's payload.config, writes the result. False: it cannot be done.
do_action() {
  trap '' INT   # Ctrl-C is for the worker, not for its work
  case $1 in
    core.echo) jq -c '{said: .}' ;;
    core.sleep) local seconds; seconds=$(jq -er 'objects | .seconds | numbers') && sleep "$seconds" && echo "{\"slept\":$seconds}" ;;
    *) say "there is no action $1 here"; return 1 ;;
  esac
}

# What the work is about, false and null included; nothing where there is none.
config_of() {
  jq -c 'select(.body.encoding == "json") | .body.value | objects | .payload | objects | select(has("config")) | .config' <<<"$1"
}

# acknowledge PLACE BODY STANDING. 409 to a result has three causes. A server that only observes (executions.mode) takes none, and
# knows of no row either: the work is done, and without the acknowledgement somebody would do it again. Where there is a row,
# something has renewed it, and nobody's message would end the execution: rejected, the message is kept, and a person sees it. Or
# the lease was lost: the second answer is 409, too.
acknowledge() {
  answer "$1" ack "$2" && return
  [ "$status" = 409 ] || return
  if [ -z "$3" ]; then answer "$1" ack '{}'; return; fi
  say "the result is not taken: rejected"
  answer "$1" reject '{"requeue":false}'
  return 1
}

work_on() {
  local delivery=$1 place execution action standing result extender
  place=/v1/deliveries/$(jq -r .id <<<"$delivery")
  execution=$(jq -r '.execution_id // ""' <<<"$delivery")   # a string: no reader of JSON can spoil a large number
  action=$(jq -r '.action // ""' <<<"$delivery")
  standing=$(jq -r '.execution_status // ""' <<<"$delivery")   # none: there is no row, or the server only observes and does not look
  case $standing in
    '' | scheduled | running) ;;
    *) say "execution $execution is $standing already"; answer "$place" ack '{}'; return ;;
  esac
  extend "$place" &
  extender=$!
  if result=$(config_of "$delivery" | do_action "$action") && [ -n "$result" ]; then
    if [ -z "$execution" ]; then result='{}'; else result="{\"result\":$result}"; fi
    if acknowledge "$place" "$result" "$standing"; then say "execution $execution: $(cat "$folder/answer")"; fi
  else
    say "execution $execution is rejected"
    answer "$place" reject '{"requeue":false}'
  fi
  kill "$extender" 2>/dev/null
  wait "$extender" 2>/dev/null
}

lease_path=/v1/queues/$(jq -rn --arg queue "$queue" '$queue | @uri')/lease
say "working on $queue"
until $stopping; do
  post lease "$lease_path" "{\"max\":1,\"lease\":$lease_seconds,\"wait\":$wait_seconds}" $((wait_seconds + 10))
  case $status in
    200) pause=1 ;;
    400 | 401 | 403) say "worker.sh: $status $(detail lease)"; exit 1 ;;   # no patience mends that
    *) be_patient "lease: $status $(detail lease)"; continue ;;
  esac
  jq -c '.deliveries[]' "$folder/lease" >"$folder/deliveries"
  while read -r delivery <&3; do work_on "$delivery"; done 3<"$folder/deliveries"
done
exit 0
