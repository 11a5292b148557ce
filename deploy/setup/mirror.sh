# Sourced by deploy/setup/setup and tests/install/run.

# The address of the Debian mirror this machine already uses; other archives it may know are passed over.
debian_mirror() {
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(SITE)' 'Created-By: Packages' 2>/dev/null |
    awk -F'|' '$1 == "Debian" && $2 == "Debian" && $3 == "main" { print $4; exit }'
}
