#!/bin/sh
# Installs Watchkeeper from the folder that this script is in, or updates it. Run as root.
#   ./install.sh            to /opt/watchkeeper, with systemd units
#   ./install.sh --root D   the same below folder D, for an image or a look: makes no user, tells no systemd
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=
[ "${1:-}" = --root ] && root=${2:?--root needs a folder}
if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
  echo "install.sh: run it as root, or with --root FOLDER" >&2
  exit 4
fi

# Debian's smallest system lacks one library that Node needs.
node_starts() { "$here/lib/node" --version >/dev/null 2>&1; }
if ! node_starts && [ -z "$root" ] && command -v apt-get >/dev/null; then
  echo "Node needs libatomic.so.1; installing Debian's package libatomic1"
  apt-get install -qq -y --no-install-recommends libatomic1 || { apt-get update -qq && apt-get install -qq -y --no-install-recommends libatomic1; } || true
fi
if ! node_starts; then
  "$here/lib/node" --version || true
  echo "install.sh: Node does not start on this machine; install what it names above (Debian: libatomic1), and run install.sh again" >&2
  exit 1
fi

to=$root/opt/watchkeeper
mkdir -p "$root/opt" "$root/etc/watchkeeper" "$root/var/lib/watchkeeper" "$root/usr/local/bin"
# A secret of this machine with which servers encrypt the authority's key: itself encrypted with the TPM, or with the machine's
# own key where there is none. Once made it stays. Without it, or where systemd is older than 252, keys are plain files of mode 0600.
make_seal() {
  seal=/etc/credstore.encrypted/watchkeeper.seal
  version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  if [ -e "$seal" ] || [ "${version:-0}" -lt 252 ] || ! command -v systemd-creds >/dev/null; then return 0; fi
  mkdir -p -m 0700 /etc/credstore.encrypted
  if head -c 32 /dev/urandom | base64 -w 0 | systemd-creds encrypt --name=watchkeeper.seal - "$seal.new" 2>/dev/null; then
    mv "$seal.new" "$seal"
  else
    rm -f "$seal.new"
    echo "systemd-creds cannot encrypt here; the authority's key will be a file that only its owner may read"
  fi
}

# A running program keeps the files that it has open; the new ones take their place in one step.
rm -rf "$to.new" "$to.old"
cp -R "$here" "$to.new"
[ -e "$to" ] && mv "$to" "$to.old"
mv "$to.new" "$to"
rm -rf "$to.old"
ln -sf /opt/watchkeeper/bin/watchkeeper "$root/usr/local/bin/watchkeeper"
mkdir -p "$root/etc/systemd/system"
cp "$to"/units/*.service "$to"/units/*.path "$root/etc/systemd/system/"

if [ -z "$root" ]; then
  if ! id watchkeeper >/dev/null 2>&1; then
    useradd --system --home-dir /var/lib/watchkeeper --no-create-home --shell /usr/sbin/nologin watchkeeper
  fi
  chown watchkeeper:watchkeeper /var/lib/watchkeeper
  if [ -d /run/systemd/system ]; then
    make_seal
    systemctl daemon-reload
    for unit in watchkeeper-server watchkeeper-witness watchkeeper-agent; do
      if systemctl is-active --quiet "$unit"; then systemctl restart "$unit"; fi
    done
  fi
fi
"$to/bin/watchkeeper" --version
echo "Installed in $to. Next: watchkeeper pool create --help, watchkeeper server join --help, or watchkeeper witness join --help"
