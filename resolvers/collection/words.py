"""The words by which descriptions in the wild call lists, pages and keys. Spelling only: no model is looked at here.

Names are compared without case and punctuation: ``page[size]``, ``pageSize`` and ``PAGE_SIZE`` are one word.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=20_000)  # the same few thousand names stand in a large description a hundred times each
def plain(name: str) -> str:
    """A name without case and punctuation."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


WRAPPERS = frozenset({
    "data", "items", "results", "result", "value", "values", "records", "entries", "elements", "content", "list",
    "rows", "hits", "objects", "resources", "nodes", "collection", "docs", "page", "response",
})  # fmt: skip
"""Members that hold the list of an envelope."""

HOLDERS = frozenset({"embedded", "data", "d", "response", "result", "results", "payload", "body"})
"""Members that hold the object in which the list lies."""

SINGLE = frozenset({"data", "result", "item", "response", "entity", "resource", "record", "payload"})
"""Members that hold the one object of a reply."""

ASIDE = frozenset({
    "links", "errors", "warnings", "messages", "included", "constraints", "notifications", "facets", "aggregations",
    "fields", "columns", "headers", "meta", "metadata", "sort", "filters", "expand", "includes",
})  # fmt: skip
"""Members of envelopes that say something about the reply."""

META = frozenset({
    "meta", "metadata", "paging", "pagination", "pageinfo", "page", "links", "responsemetadata", "nextpage", "cursors",
    "cursor", "next", "pagemetadata", "resultinfo", "pageable", "resultset", "paginationinfo", "pagingmetadata",
})  # fmt: skip
"""Members that are objects and say where in the pages a reply stands."""

TOKENS = frozenset({
    "nextcursor", "nextpagetoken", "nexttoken", "nextpagecursor", "continuationtoken", "nextcontinuationtoken",
    "nextmarker", "nextoffset", "nextpage", "nextpageid", "nextpagenumber", "nextkey", "nextstart", "endcursor",
    "cursornext", "nextpagestart",
})  # fmt: skip
LINKS = frozenset({
    "next", "nextlink", "nextpageuri", "nextpageurl", "nexturl", "nexturi", "nexthref", "nextpagelink",
    "odatanextlink", "nextrecordsurl", "nextresults",
})  # fmt: skip
"""Both say what comes next: a position, or an address that holds one."""
INSIDE_NEXT = ("after", "cursor", "token", "offset", "page", "href", "url", "link", "uri")
"""Members of an object called ``next``, the best first."""

MORE = frozenset({
    "hasmore", "hasnext", "hasnextpage", "more", "moreitems", "hasmorepages", "hasmoreitems", "hasmoreresults",
    "moreresults", "moreavailable", "islastpage", "lastpagereached", "istruncated",
})  # fmt: skip
LAST = frozenset({"islastpage", "lastpagereached"})
"""Those of ``MORE`` that are true when there is no more."""

TOTALS = frozenset({
    "totalcount", "totalitems", "totalresults", "totalrecords", "totalelements", "recordstotal", "totalhits",
    "numfound", "totalsize", "odatacount", "totalrows", "totalnumber", "totalentries", "itemcount", "resultcount",
    "recordcount", "totalresultscount", "itemstotal", "totalmatches",
})  # fmt: skip
PAGES = frozenset({"totalpages", "pagecount", "pagestotal", "pages", "numpages", "totalpagecount"})
ECHOES = frozenset({"page", "currentpage", "pagenumber", "pageindex", "pageno", "pagenum", "number"})

PAGE = frozenset({"page", "pagenumber", "pageno", "pagenum", "pageindex", "currentpage", "pagenr"})
OFFSET = frozenset({
    "offset", "skip", "start", "startindex", "startat", "firstresult", "pageoffset", "startrow", "startposition",
})  # fmt: skip
CURSOR = frozenset({
    "cursor", "after", "startingafter", "pagetoken", "nexttoken", "nextcursor", "nextpagetoken", "continuationtoken",
    "marker", "pagecursor", "pageafter", "continuation", "startcursor", "starttoken", "skiptoken", "pageinfo",
    "endcursor", "since", "sinceid", "scrollid",
})  # fmt: skip
UNSURE = frozenset({"since", "sinceid", "start", "after", "pageinfo", "endcursor"})
"""Those of ``OFFSET`` and ``CURSOR`` that also mean other things: they count only beside an answer that fits."""
BACKWARDS = frozenset({"endingbefore", "before", "previouscursor", "prevcursor", "pagebefore"})
POSITIONS = PAGE | OFFSET | CURSOR
SIZE = frozenset({
    "limit", "perpage", "pagesize", "size", "count", "max", "maxresults", "maxitems", "top", "take", "rows",
    "pagelimit", "resultsperpage", "itemsperpage", "maxpagesize", "first", "perpagecount", "numresults", "pagecount",
})  # fmt: skip

IDENTITY = ("id", "uuid", "guid", "gid", "sid", "key")
"""Fields that identify an object, the best first."""


def singular(word: str) -> str:
    """The English singular of a plain word, where it is easy; otherwise the word."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
