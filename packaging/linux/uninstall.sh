#!/bin/sh
# Removes Ritornello, as its installer for one person put it there. Models, projects and settings stay.
set -eu

place=$(cd "$(dirname "$0")" && pwd)

main() {
    case ${1:-} in
    --yes) remove ;;
    --refresh) refresh "$2" ;;
    *)
        printf 'Remove Ritornello from this account? Your models, projects and settings stay. [y/N] '
        read -r answer
        case $answer in
        [yY]*) remove ;;
        *) echo 'Nothing was changed.' ;;
        esac
        ;;
    esac
}

remove() {
    for process in /proc/[0-9]*; do
        case $(readlink "$process/exe" 2>/dev/null || :) in
        "$place"/*)
            echo 'Ritornello is running. Close it, then start this again.' >&2
            exit 1
            ;;
        esac
    done
    listed=$(cat "$place/installed.txt")
    data=$(entries | sed -n 's#/applications/[^/]*\.desktop$##p' | sed 1q)
    cd /
    rm -rf "$place"
    entries | while IFS= read -r file; do
        case $file in
        */) ;;
        *) rm -f "$file" ;;
        esac
    done
    clear_caches
    refresh "$data"
    entries | sed -n 's#/$##p' | sort -ru | while IFS= read -r folder; do
        rmdir "$folder" 2>/dev/null || :
    done
    echo 'Ritornello is removed.'
}

entries() { printf '%s\n' "$listed"; }

# In folders that the installer made, what desktops had made of its files goes too, unless there is somebody else's.
clear_caches() {
    if entries | grep -qxF "$data/mime/" && [ -z "$(ls "$data/mime/packages")" ]; then rm -rf "$data/mime"; fi
    if entries | grep -qxF "$data/applications/" && [ "$(ls "$data/applications")" = mimeinfo.cache ]; then
        rm "$data/applications/mimeinfo.cache"
    fi
}

# Tell the desktop, where its tools are there, that files came or went below the folder $1.
refresh() {
    if [ -d "$1/mime/packages" ]; then update-mime-database "$1/mime" >/dev/null 2>&1 || :; fi
    if [ -d "$1/applications" ]; then update-desktop-database "$1/applications" >/dev/null 2>&1 || :; fi
    if [ -d "$1/icons/hicolor" ]; then touch "$1/icons/hicolor"; fi
}

main "$@"
exit
