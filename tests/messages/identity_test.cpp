#include "messages/identity.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace im;

TEST_CASE("an identity is one however it is written") {
  struct row {
    const char* what;
    std::string_view given;
    std::string_view canonical;
  };
  for (const auto& r : {row{"as it is", "bob", "bob"},
                        row{"a trailing blank", "bob ", "bob"},
                        row{"white space around", "\t bob\r\n", "bob"},
                        row{"letter case", "Bob@X.org", "bob@x.org"},
                        row{"white space of Unicode", "\u00a0bob\u2003", "bob"},
                        row{"runs of white space inside", "Bob \u2009 Jones", "bob jones"},
                        row{"a zero width space", "b\u200bob", "bob"},
                        row{"a zero width joiner", "bo\u200db", "bob"},
                        row{"a byte order mark", "\ufeffbob", "bob"},
                        row{"a soft hyphen", "bo\u00adb", "bob"},
                        row{"marks of direction", "\u202ebob\u202c", "bob"},
                        row{"a variation selector", "bob\ufe0f", "bob"},
                        row{"a control character", "b\x01ob\x7f", "bob"},
                        row{"full width letters", "\uff42\uff4f\uff42", "bob"},
                        row{"a composed letter", "Ren\u00e9", "ren\u00e9"},
                        row{"the same, in two characters", "Rene\u0301", "ren\u00e9"},
                        row{"a sharp s", "STRA\u00dfE", "strasse"},
                        row{"a ligature", "\ufb01nn", "finn"},
                        row{"other scripts", "\u0410\u043d\u043d\u0430", "\u0430\u043d\u043d\u0430"},
                        row{"nothing", "", ""},
                        row{"nothing that can be seen", " \u200b\u00a0\u2060", ""}}) {
    INFO(r.what);
    CHECK(canonical_identity(r.given) == r.canonical);
    CHECK(canonical_identity(r.canonical) == r.canonical);
    CHECK(is_same_identity(r.given, r.canonical));
  }
}

TEST_CASE("two people stay two") {
  for (const auto& [a, b] : {std::pair{"bob", "rob"}, std::pair{"bob", "bob2"}, std::pair{"bob jones", "bobjones"},
                             std::pair{"bob", "b\u00f6b"}, std::pair{"alice", "\u0430lice"}}) {  // a Cyrillic a
    CAPTURE(a, b);
    CHECK_FALSE(is_same_identity(a, b));
  }
}

TEST_CASE("what is no UTF-8 has an identity too") { CHECK(canonical_identity("b\xff") == "b\ufffd"); }
