"""The schemas of PAGE and ALTO, where they are."""

from __future__ import annotations

from functools import lru_cache

import pytest
from lxml import etree
from support import PROJECT

SCHEMAS = PROJECT.parent / "shared" / "schemas"


class _Local(etree.Resolver):
    """Finds the schema that ALTO's imports beside it."""

    def resolve(self, url: str, public: str, context: object) -> object:
        if url.endswith("xlink.xsd"):
            return self.resolve_filename(str(SCHEMAS / "alto" / "xlink.xsd"), context)
        return None


@lru_cache
def schema(name: str) -> etree.XMLSchema:
    path = {"page": "page/2019-07-15/pagecontent.xsd", "alto": "alto/v4/alto-4-4.xsd"}[name]
    if not (SCHEMAS / path).is_file():
        pytest.skip("the schemas, ../shared/schemas, are not here")
    parser = etree.XMLParser()
    parser.resolvers.add(_Local())
    return etree.XMLSchema(etree.parse(str(SCHEMAS / path), parser))
