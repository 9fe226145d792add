#!/bin/sh
# The system packages of `make test-card`: installs them where it may (root and apt-get) and names
# what is missing where it may not. Exit code 1 when card-signer cannot be built without them.
set -eu
PATH="$PATH:/usr/sbin:/sbin"

# package, what shows that it is there (a command or a file), whether it is for building or for tests
packages='
gcc              cc                                              build
libpcsclite-dev  /usr/include/PCSC/winscard.h                    build
swig             swig                                            build
chromium         chromium                                        test
libssl-dev       /usr/include/openssl/evp.h                      test
openbox          openbox                                         test
opensc           pkcs11-tool                                     test
opensc-pkcs11    /usr/lib/*/opensc-pkcs11.so                     test
pcscd            pcscd                                           test
procps           pgrep                                           test
python3-tk       /usr/lib/python3*/tkinter/__init__.py           test
softhsm2         softhsm2-util                                   test
vsmartcard-vpcd  /usr/lib/pcsc/drivers/serial/libifdvpcd.so      test
xdotool          xdotool                                         test
xvfb             Xvfb                                            test
'

there() {
    command -v "$1" >/dev/null 2>&1 || ls $1 >/dev/null 2>&1 # unquoted: it may hold a *
}

missing() { # of this use, or of any
    echo "$packages" | while read -r package shown use; do
        if [ -n "$package" ] && [ "${1:-$use}" = "$use" ] && ! there "$shown"; then
            printf '%s ' "$package"
        fi
    done
}

wanted=$(missing)
[ -z "$wanted" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "… installing system packages: $wanted"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    for package in $wanted; do # one by one: a name that is unknown here keeps no other out
        apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$package" >/dev/null || true
    done
fi

lacking=$(missing test)
[ -z "$lacking" ] || echo "not here, and not installed: $lacking(tests that want them are skipped)" >&2
lacking=$(missing build)
if [ -n "$lacking" ]; then
    echo "card-signer cannot be built without: $lacking" >&2
    echo "Debian, Ubuntu: apt-get install $lacking" >&2
    exit 1
fi
