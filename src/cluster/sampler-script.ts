/** Printed before anything that counts; whatever a login script said comes before it. */
export const samplerMarker = 'moskit-sampler 1';

/**
 * A resident sampler for nodes without Node.js: POSIX sh and one awk per sample (mawk, gawk or busybox's). Sent to
 * `sh -s`; prints what does not change, then answers each line `SEQ FILE FILE…` on its stdin with one write, and ends
 * with its stdin. Everything is in one function, so that the shell has read the whole script, and will not take a
 * request for a part of it, before it says its first word.
 *
 * /proc/loadavg counts the tasks of the whole machine, also inside a container; in a PID namespace of its own the
 * sampler counts those that it can see instead, itself left out.
 */
export const samplerScript = `
moskit_sampler() {
  LC_ALL=C
  sampler=$$
  export LC_ALL seq files sampler
  namespace=$(readlink /proc/self/ns/pid 2>/dev/null)
  facts=$(awk '
    function copy(name, path, wanted, line) {
      print "@" name
      while ((getline line < path) > 0) if (line ~ wanted) print line
      close(path)
    }
    BEGIN {
      copy("cpuinfo", "/proc/cpuinfo", "^(processor|model name|Model|cpu model|Hardware|cpu MHz)[ \\t]*:")
      copy("stat", "/proc/stat", "^cpu")
      copy("status", "/proc/self/status", "^Cpus_allowed_list:")
      copy("cgroup", "/proc/self/cgroup", ".")
      copy("mountinfo", "/proc/self/mountinfo", " - cgroup2? ")
      exit
    }')
  printf '\\n%s\\n%s\\n@namespace\\n%s\\n@end 0\\n' '${samplerMarker}' "$facts" "$namespace"
  while read -r seq files; do
    set --
    case $namespace in
      '' | 'pid:[4026531836]') ;;
      *) set -- /proc/[0-9]*/task/[0-9]*/stat ;;
    esac
    if [ $# -gt 20000 ]; then set --; fi
    answer=$(awk '
      function copy(name, path, wanted, line) {
        print "@" name
        while ((getline line < path) > 0) if (line ~ wanted) print line
        close(path)
      }
      BEGIN {
        copy("loadavg", "/proc/loadavg", ".")
        copy("stat", "/proc/stat", "^cpu")
        copy("meminfo", "/proc/meminfo", "^(MemTotal|MemFree|MemAvailable|Buffers|Cached|SwapFree):")
        count = split(ENVIRON["files"], paths, " ")
        for (i = 1; i <= count; i++) copy("file " paths[i], paths[i], ".")
        if (ARGC > 1) {
          getline own < "/proc/self/stat"
          split(own, self, " ")
          not_counted["/proc/" self[1] "/task/" self[1] "/stat"]
          not_counted["/proc/" ENVIRON["sampler"] "/task/" ENVIRON["sampler"] "/stat"]
          running = 0
          for (i = 1; i < ARGC; i++) {
            if (!(ARGV[i] in not_counted) && (getline line < ARGV[i]) > 0 && line ~ /\\) R [^)]*$/) running++
            close(ARGV[i])
          }
          print "@running"
          print running
        }
        print "@end " ENVIRON["seq"]
        exit
      }' "$@")
    printf '%s\\n' "$answer"
  done
}
moskit_sampler
`;
