#!/bin/sh
# Installs Ritornello @VERSION@ for you alone, into your home folder. It needs no administrator:  sh THIS_FILE
# The program follows these lines, packed. This replaces whatever version is there; models and projects stay.
set -eu

digest='@SHA256@' first_line=@FIRST_LINE@ megabytes=@MEGABYTES@ packages='@PACKAGES@'

data=${XDG_DATA_HOME:-$HOME/.local/share}
bin=$HOME/.local/bin
place=$HOME/.local/lib/ritornello
fresh=$place.new
folders=

main() {
    refuse_what_cannot_work
    trap 'rm -rf "$fresh"' EXIT
    trap 'exit 130' INT TERM HUP
    unpack
    remove_older
    mv "$fresh" "$place"
    put_entries
    put_links
    printf '%s' "$folders" >>"$place/installed.txt"
    say 'Ritornello is installed: you find it in your menu of programs.'
    say "To remove it: $place/uninstall"
    name_missing_libraries
}

say() { printf '%s\n' "$*"; }

refuse() {
    say "$*" >&2
    exit 1
}

payload() { tail -n "+$first_line" "$0"; }

refuse_what_cannot_work() {
    [ "$(uname -sm)" = 'Linux x86_64' ] || refuse "This is for Linux on x86_64. Here is $(uname -sm)."
    for tool in tar gzip sha256sum; do
        command -v $tool >/dev/null || refuse "The program ‘$tool’ is missing. Install it, then start this again."
    done
    [ "$(payload | sha256sum)" = "$digest  -" ] || refuse "‘$0’ is damaged or incomplete. Download it again."
    for process in /proc/[0-9]*; do
        case $(readlink "$process/exe" 2>/dev/null || :) in
        "$place"/*) refuse 'Ritornello is running. Close it, then start this again.' ;;
        esac
    done
}

unpack() {
    say "Installing Ritornello @VERSION@ in $place"
    rm -rf "$fresh"
    make_folder "${place%/*}"
    mkdir "$fresh"
    payload | gzip -dc | (cd "$fresh" && tar -xf - --no-same-owner) ||
        refuse "Ritornello could not be unpacked. It needs $megabytes MB of free space in ${place%/*}."
}

# Folders that were not there are written down: the uninstaller removes those alone, and only where nothing is left in them.
make_folder() {
    [ ! -d "$1" ] || return 0
    make_folder "${1%/*}"
    mkdir "$1"
    folders="$folders$1/
"
}

remove_older() {
    if [ -f "$place/installed.txt" ]; then
        folders="$folders$(sed -n '/\/$/p' "$place/installed.txt")
"
        "$place/uninstall" --yes >/dev/null
    fi
    rm -rf "$place"
}

put() {
    make_folder "${2%/*}"
    cp -P "$1" "$2"
    say "$2" >>"$place/installed.txt"
}

put_entries() {
    # Within the quotes of an entry some signs need a backslash, a backslash itself needs four, and % stands for a file.
    quoted=$(say "$place" | sed -e 's/[\\"`$]/\\&/g' -e 's/\\/\\\\/g' -e 's/%/%%/g')
    for entry in "$place"/share/applications/*.desktop; do
        while IFS= read -r line; do
            case $line in
            Exec=*)
                call=${line#Exec=}
                program=${call%% *}
                say "Exec=\"$quoted/$program\"${call#"$program"}"
                ;;
            *) say "$line" ;;
            esac
        done <"$entry" >"$entry.new"
        mv "$entry.new" "$entry"
    done
    cd "$place/share"
    find . -type f >"$place/entries"
    while IFS= read -r file; do
        put "$file" "$data/${file#./}"
    done <"$place/entries"
    rm "$place/entries"
    cd /
    "$place/uninstall" --refresh "$data"
}

put_links() {
    for program in ritornello ritornello-cli; do
        if [ -e "$bin/$program" ] || [ -L "$bin/$program" ]; then
            say "$bin/$program is something else, and stays."
        else
            make_folder "$bin"
            ln -s "$place/$program" "$bin/$program"
            say "$bin/$program" >>"$place/installed.txt"
        fi
    done
}

name_missing_libraries() {
    missing=$(LD_LIBRARY_PATH=$place/_internal ldd "$place"/_internal/PySide6/Qt/plugins/platforms/libqxcb.so |
        sed -n 's/^[[:space:]]*\(.*\) => not found/\1/p')
    [ -z "$missing" ] || say "
It will not open yet: the system lacks $(say $missing)
On Debian and Ubuntu an administrator installs what is missing by:  apt install $packages" >&2
}

main
exit 0
