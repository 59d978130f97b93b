#!/bin/sh
# usage: image.sh IMAGE JAR CLASSPATH   (with TOOLCHAIN_JAVA_HOME set; Maven's `package` calls it)
# Completes JAR with the module's descriptor and makes IMAGE: a Java runtime with our modules linked in, src/main/dist,
# the licences of what is shipped, an AOT cache from a training run, and where there is a C compiler the launcher for
# Wireleap's controller. CLASSPATH begins with our own classes.
set -eu
umask 022
image=$1 jar=$2 classpath=$3
classes=${classpath%%:*}
jdk=${TOOLCHAIN_JAVA_HOME:?}/bin
project=$(cd "$(dirname "$0")/../.." && pwd)
unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CLASSPATH

"$jdk/jar" --update --file "$jar" --main-class wireleap.tun.Main -C "$classes" module-info.class

# picocli's classes are of a format that the AOT cache does not take; they are most of what a start would load without.
picocli=$(echo "$classpath" | tr : '\n' | grep '/picocli-[^/]*$')
reframed=$(dirname "$jar")/$(basename "$picocli")
"$jdk/java" "$project/src/build/Reframe.java" "$picocli" "$reframed"

# httpcore5's jars are no modules and large; HPACK, all that is used of them, needs few of their classes.
hpack=org.apache.hc.core5.http2.hpack
httpcore=$(echo "$classpath" | tr : '\n' | grep '/httpcore5-[^/]*$')
picked=$(dirname "$jar")/picked
mkdir -p "$picked"
# shellcheck disable=SC2086
"$jdk/java" "$project/src/build/Pick.java" "$picked" \
    $hpack.HPackEncoder,$hpack.HPackDecoder,org.apache.hc.core5.http.message.BasicHeader $httpcore

# What the JVM would make anew at each start, because the AOT cache does not take it.
unrolled=$picked/$(basename "$jar")
"$jdk/java" --class-path "$classpath" "$project/src/build/Unroll.java" "$jar" "$unrolled"

modules=$(echo "$classpath" | tr : '\n' | sed "s|^$classes\$|$unrolled|; s|^$picocli\$|$reframed|
    s|.*/\(httpcore5-[^/]*\)$|$picked/\1|" | tr '\n' :)

# Line numbers would take 1.6 MB of every daemon's memory; traces name the methods.
rm -rf "$image"
mkdir -p "$image"
"$jdk/jlink" --module-path "$modules" --add-modules wireleap.tun,org.slf4j.simple --output "$image/runtime" \
    --compress zip-2 --strip-java-debug-attributes --no-header-files --no-man-pages
cp -R "$project/src/main/dist/." "$image"
cp "$project/NOTICE" "$project/README.md" "$image"
rm "$image/runtime/bin/keytool"

# jlink brings along the licences of the JDK's modules, but not those inside the jars.
IFS=:
for library in ${classpath#*:}; do
    legal=$image/runtime/legal/$(basename "$library" .jar)
    mkdir "$legal"
    (cd "$legal" && "$jdk/jar" --extract --file "$library" META-INF && find META-INF -maxdepth 1 -type f \
        \( -name '*LICENSE*' -o -name '*NOTICE*' \) -exec mv {} . \; && rm -r META-INF)
    rmdir "$legal" 2>/dev/null || true   # picocli's holds none: NOTICE has it
done

unset IFS

# Static, because a setuid program must not look for libraries; the flags are those that its source names.
mkdir "$image/libexec"
if ! command -v cc >/dev/null; then
    echo "image.sh: there is no C compiler, the image has no launcher for Wireleap's controller" >&2
elif ! cc -static -O2 -Wall -Wextra -Werror -s -o "$image/libexec/wireleap_tun" "$project/src/main/c/wireleap_tun.c"
then
    echo "image.sh: see above: the image has no launcher for Wireleap's controller" >&2
fi

cache=$image/lib/wireleap_tun.aot
log=$(dirname "$image")/train.log
# In a user namespace the training may also start on a TUN and routes of its own: their classes are in the cache then.
own=
unshare --map-root-user true 2>/dev/null && own='unshare --map-root-user'
if $own "$image/runtime/bin/java" "@$image/lib/java.options" "-XX:AOTCacheOutput=$cache" \
    "-XX:CompileCommandFile=$project/src/build/trained" -m wireleap.tun/wireleap.tun.Main train >"$log" 2>&1 &&
    [ -f "$cache" ]; then
    :
else
    rm -f "$cache"
    echo "image.sh: the training run failed, the image has no AOT cache and starts more slowly; see $log" >&2
fi

completions=$image/share/bash-completion/completions
mkdir -p "$completions"
"$image/bin/wireleap_tun" completion >"$completions/wireleap_tun"
