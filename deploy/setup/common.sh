# Shared by ./run, ./test and .ci/run: sourced, not run. Expects the working directory to be the project's root.

export IM_STRICT=1 # a source that CMakeLists.txt names and nobody has written is an error

im_started=$SECONDS
im_say() { printf '== %s  [%d:%02d]\n' "$*" $(((SECONDS - im_started) / 60)) $(((SECONDS - im_started) % 60)); }

# im_configure PRESET: quiet unless it fails.
im_configure() {
  local log=build/$1.configure.log
  mkdir -p build
  if ! flock -o build/.lock cmake --preset "$1" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "Configuring '$1' failed; all of it is in $log" >&2
    return 1
  fi
}

# im_build PRESET [TARGET…]: configures and builds. Two at a time in one checkout wait for each other.
im_build() {
  local preset=$1 began=$SECONDS targets=()
  shift
  (($#)) && targets=(--target "$@")
  im_configure "$preset" || return
  NINJA_STATUS='[%f/%t] ' flock -o build/.lock cmake --build --preset "$preset" "${targets[@]}" || return
  im_say "built $preset in $((SECONDS - began)) s"
}
