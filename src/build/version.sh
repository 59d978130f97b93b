#!/bin/sh
# usage: version.sh VERSION FILE   (Maven calls it before it makes the jar)
# Writes what the program calls itself into FILE: VERSION, then, where the sources are a git repository and git is
# there, the commit as build metadata (semver.org, item 10), with "dirty" where tracked files differ from it.
set -eu
version=$1 file=$2
project=$(cd "$(dirname "$0")/../.." && pwd)
# Not a repository further up, which the sources only happen to lie in.
export GIT_CEILING_DIRECTORIES="${project%/*}"
commit=$(git -C "$project" describe --always --abbrev=12 --exclude='*' --dirty=.dirty 2>/dev/null) || commit=
mkdir -p "$(dirname "$file")"
echo "$version${commit:++$commit}" >"$file"
