// policy/warninglist_state.h: the compiled form of all lists, shared by the builder and the
// look-up.
#pragma once

#include <vector>

#include "policy/attribute_class.h"
#include "policy/interval_map.h"
#include "policy/list_sets.h"
#include "policy/regex_list.h"
#include "policy/substring_index.h"
#include "policy/value_table.h"
#include "policy/warninglist.h"

namespace gapferry::policy {

struct CompiledLists {
  struct Regexes {
    std::uint16_t list;
    RegexList patterns;
  };

  std::vector<ListInfo> lists;
  std::vector<ClassSet> applies;  // beside `lists`
  ListSets sets;
  ValueTable names;                               // exact: string lists; below: hostname lists
  ValueTable values{ValueTable::HashBy::kChunk};  // of string lists, all but names
  // Whether `values` holds any: most lists of hosts do not, and need not be asked.
  bool has_addresses = false;
  bool has_urls = false;
  IntervalMap<std::uint32_t> v4;
  IntervalMap<V6Key> v6;
  SubstringIndex substrings;
  ClassSet substring_classes;  // of any substring list
  std::vector<Regexes> regexes;

  // Until Build.
  std::vector<IntervalMap<std::uint32_t>::Listed> listed_v4;
  std::vector<IntervalMap<V6Key>::Listed> listed_v6;
};

}  // namespace gapferry::policy
