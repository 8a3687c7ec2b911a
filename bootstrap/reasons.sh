# SPDX-License-Identifier: Apache-2.0
# Why a step failed, in one line with what to do, where its log shows a reason that people meet.

# why_it_failed LOG STATUS prints it; nothing where the log alone can tell.
why_it_failed() {
  local log=$1 status=${2:-1} again="then give the same command again: it goes on from here"
  shows() { grep -qiE -- "$1" "$log"; }
  if shows 'Release file for .* (is expired|is not valid yet)'; then
    echo "apt calls its lists expired or not yet valid: the machine's clock says $(now); if that" \
      "is wrong, set it (sudo timedatectl set-ntp true); if it is right, the mirror is old: name" \
      "another in /etc/apt/sources.list, or give once: sudo apt-get -o" \
      "Acquire::Check-Valid-Until=false update; $again"
  elif shows 'certificate is (not yet valid|expired)|certificate has expired'; then
    echo "a certificate is expired or not yet valid: the machine's clock says $(now); if that is" \
      "wrong, set it (sudo timedatectl set-ntp true), $again"
  elif shows 'CERTIFICATE_VERIFY_FAILED|certificate verify failed|UnknownIssuer'; then
    echo "a certificate is not trusted, as behind a proxy that opens connections: name its" \
      "authority's file in PIP_CERT and SSL_CERT_FILE, $again"
  elif shows 'No space left on device|not enough free space'; then
    echo "the disk is full: make room ($(df -h --output=avail "$VENV" 2>/dev/null | tail -n 1 | tr -d ' ')" \
      "are free in $VENV), $again"
  elif shows 'Could not get lock|Unable to (acquire|lock)|is locked by another process'; then
    echo "another program is installing packages at the moment: let it end, $again"
  elif ((status == 137)) || shows '\bKilled\b|MemoryError|Cannot allocate memory'; then
    echo "something was killed, which is what happens without enough memory: close other programs" \
      "or add swap, $again"
  elif shows "$NO_CONNECTION"; then
    echo "no packages can be had: no connection to where they are; see to the network, and to" \
      "https_proxy where there is a proxy, $again"
  elif shows 'Unable to locate package|has no installation candidate'; then
    echo "apt does not know a package: enable this system's usual sources (on Ubuntu: universe)," \
      "$again"
  fi
  unset -f shows
}

NO_CONNECTION='name resolution|Name or service not known|failed to lookup address'
NO_CONNECTION+='|nodename nor servname|Could not resolve|Failed to establish a new connection'
NO_CONNECTION+='|Connection refused|Network is unreachable|No route to host|Failed to fetch'
NO_CONNECTION+='|Connection (reset|aborted|timed out)|connect timeout|Read timed out|ProxyError'
NO_CONNECTION+='|Temporary failure|Cannot connect to proxy|Could not connect to'

now() { date '+%Y-%m-%d %H:%M'; }
