# The Debian packages that building, testing and running bitfront need. Sourced by configs/demo.sh and tests/run.sh.
# libpng-dev and libjpeg62-turbo-dev: pictures that people bring (bitfront prepare folder). libsndfile1-dev and
# libfftw3-dev: the sounds of Speech Commands (bitfront prepare speech_commands). libonnx-dev with protobuf-c: the
# schema of ONNX files and the writer that is made of it (bitfront export). libdeflate-dev: the CRC-32 of files.
packages="build-essential cmake ninja-build pkg-config git ca-certificates
    libopenmpi-dev openmpi-bin libhdf5-dev libopenblas0 libconfig-dev libarchive-dev libssl-dev libjansson-dev
    libpng-dev libjpeg62-turbo-dev libsndfile1-dev libfftw3-dev libonnx-dev protobuf-c-compiler libprotobuf-c-dev
    libdeflate-dev libcmocka-dev gnuplot-nox procps"

# What tests/run.sh needs besides: a second compiler, the check of the format, the search for frequent mistakes.
packages_of_checks="clang clang-format clang-tidy"

# Installs what is missing, or says what is missing and how to install it; then fails.
install_packages() {
    if ! command -v dpkg-query > /dev/null; then
        echo "This is not Debian: please provide what these packages contain:" $packages >&2
        return 0
    fi
    local missing="" package
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    local as_root=""
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [ -t 0 ]; }; then
            as_root=sudo
        else
            echo "Packages are missing, and only root can install them:" >&2
            echo "  apt-get install$missing" >&2
            return 1
        fi
    fi
    echo "installing$missing"
    $as_root apt-get update -q &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing &&
        return 0
    echo "Installing packages failed. These are missing:$missing" >&2
    return 1
}

# Open MPI refuses to run as root unless told twice; in a container there is often nobody else.
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
