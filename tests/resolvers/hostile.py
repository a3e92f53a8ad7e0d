"""Requests that nobody honest sends, as body and headers; each is refused with 4xx."""

from __future__ import annotations

from typing import Any

import orjson


def body(query: Any = "{__typename}", **more: Any) -> bytes:
    """A body as JSON."""
    return orjson.dumps({"query": query, **more})


DEEP = b'{"query":"{__typename}","variables":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
SHALLOW = b'{"query":"query($a:String){echo(text:$a)}","variables":{"a":' + b"[" * 40 + b"]" * 40 + b"}}"
HOSTILE: dict[str, tuple[bytes, dict[str, str]]] = {
    "nothing": (b"", {}),
    "a number": (b"1", {}),
    "null": (b"null", {}),
    "a text": (b'"x"', {}),
    "true": (b"true", {}),
    "a list": (b"[]", {}),
    "a batch": (b'[{"query":"{__typename}"}]', {}),
    "no query": (b"{}", {}),
    "query null": (body(None), {}),
    "query a number": (body(1), {}),
    "query a list": (body(["{a}"]), {}),
    "query empty": (body(""), {}),
    "query blank": (body(" \n"), {}),
    "query a comment": (body("# nothing"), {}),
    "variables a list": (body(variables=[1]), {}),
    "variables a text": (body(variables="{}"), {}),
    "variables a number": (body(variables=7), {}),
    "variables false": (body(variables=False), {}),
    "operationName a number": (body(operationName=1), {}),
    "operationName a list": (body(operationName=[]), {}),
    "operationName unknown": (body(operationName="Nope"), {}),
    "extensions a text": (body(extensions="x"), {}),
    "cut off": (b'{"query":"{__type', {}),
    "two objects": (b'{"query":"{__typename}"}{}', {}),
    "single quotes": (b"{'query':'{__typename}'}", {}),
    "NaN": (b'{"query":"{__typename}","variables":{"a":NaN}}', {}),
    "Infinity": (b'{"query":"{__typename}","variables":{"a":-Infinity}}', {}),
    "1e400": (b'{"query":"query($a:Int){echo(number:$a)}","variables":{"a":1e400}}', {}),
    "no UTF-8": (b'{"query":"{__typename} \xff\xfe"}', {}),
    "latin-1 bytes": ('{"query":"{é}"}'.encode("latin-1"), {}),
    "UTF-16": ('{"query":"{__typename}"}'.encode("utf-16"), {}),
    "a byte order mark": (b"\xef\xbb\xbf" + body(), {}),
    "a lone surrogate in the query": (b'{"query":"{echo(text:\\"\\ud800\\")}"}', {}),
    "a lone surrogate in a variable": (
        b'{"query":"query($a:String){echo(text:$a)}","variables":{"a":"\\udc00"}}',
        {},
    ),
    "a lone surrogate by a GraphQL escape": (body('{echo(text:"\\ud83d")}'), {}),
    "NUL in the query": (b'{"query":"{__typename\\u0000}"}', {}),
    "NUL in a literal": (body('{echo(text:"a\\u0000")}'), {}),
    "NUL in a variable": (body("query($a:String){echo(text:$a)}", variables={"a": "\0"}), {}),
    "NUL in a nested variable": (
        body("query($f:Filter){echo(filter:$f)}", variables={"f": {"names": ["ok", "\0"]}}),
        {},
    ),
    "NUL in a variable's name": (body(variables={"a\0": 1}), {}),
    "JSON 100,000 deep": (DEEP[: 200 * 1024], {}),
    "JSON 40 deep": (SHALLOW, {}),
    **{
        f"variables {depth} deep": (body(variables={"a": None}).replace(b"null", b"[" * depth + b"]" * depth), {})
        for depth in (253, 254, 1_000)
    },
    "an integer of 5,000 digits": (b'{"query":"{__typename}","variables":{"a":' + b"9" * 5_000 + b"}}", {}),
    "an integer of 5,000 digits in the query": (body("{echo(number:" + "9" * 5_000 + ")}"), {}),
    "a huge page": (body("{departments(first:" + "9" * 5_000 + "){nodes{name}}}"), {}),
    "a text of 3,000 characters": (body('{echo(text:"' + "x" * 3_000 + '")}'), {}),
    "a list of 501": (body("query($f:Filter){echo(filter:$f)}", variables={"f": {"names": ["x"] * 501}}), {}),
    "a query of 20 KiB": (body("{__typename " + " " * 20_000 + "}"), {}),
    "variables of 130 KiB": (body(variables={"a": ["x" * 1_000] * 133}), {}),
    "a body of 300 KiB": (body(variables={"a": "x" * 300_000}), {}),
    "a fragment of a document": (body("{"), {}),
    "braces 2,000 deep": (body("{a" * 400 + "}" * 400), {}),
    "lists 400 deep in a literal": (body("{echo(text:" + "[" * 400 + "]" * 400 + ")}"), {}),
    "1,500 tokens": (body("{" + "__typename " * 1_500 + "}"), {}),
    "two operations": (body("query A{__typename} query B{__typename}"), {}),
    "two operations of one name": (body("query A{__typename} query A{__typename}", operationName="A"), {}),
    "two without name": (body("{__typename} {__typename}"), {}),
    "only a fragment": (body("fragment F on Query{__typename}"), {}),
    "a fragment that spreads itself": (body("{...F} fragment F on Query{...F}"), {}),
    "a type definition": (body("type Query{a:Int}"), {}),
    "an operation beside a type definition": (body("{__typename} type Query{a:Int}"), {}),
    "a subscription": (body("subscription{a}"), {}),
    "an unknown field": (body("{limit}"), {}),
    "an unknown argument": (body("{echo(txt:1)}"), {}),
    "an unknown variable": (body("{echo(text:$a)}"), {}),
    "an unknown type": (body("query($a:Strin){echo(text:$a)}"), {}),
    "an unknown fragment": (body("{...Nope}"), {}),
    "an unknown directive": (body("{__typename @a @a @a}"), {}),
    "a variable of another type": (body("query($a:String){echo(text:$a)}", variables={"a": 5}), {}),
    "a variable that is missing": (body("query($a:String!){echo(text:$a)}"), {}),
    "no such moment": (body('{echo(at:"2027-02-30T00:00:00Z")}'), {}),
    "a moment without offset": (body("query($a:DateTime){echo(at:$a)}", variables={"a": "2027-02-03T00:00:00"}), {}),
    "no such day": (body("query($a:Date){echo(on:$a)}", variables={"a": "2027-02-30"}), {}),
    "a control character in a number": (body("query($a:PhoneNumber){echo(phone:$a)}", variables={"a": "0\n1"}), {}),
    "an address of 300 characters": (body("query($a:EmailAddress){echo(email:$a)}", variables={"a": "a" * 300}), {}),
    "a form": (b"query={__typename}", {"content_type": "application/x-www-form-urlencoded"}),
    "a multipart form": (b"--x--", {"content_type": "multipart/form-data; boundary=x"}),
    "text": (body(), {"content_type": "text/plain"}),
    "no type": (body(), {"content_type": ""}),
    "a type that only contains JSON's": (body(), {"content_type": "xapplication/jsonx"}),
    "application/graphql": (b"{__typename}", {"content_type": "application/graphql"}),
    "another charset": (body(), {"content_type": "application/json; charset=latin-1"}),
    "gzip": (b"\x1f\x8b\x08\x00", {"content_encoding": "gzip"}),
    "Accept XML": (body(), {"accept": "application/xml"}),
    "Accept HTML": (body(), {"accept": "text/html"}),
    "Accept nonsense": (body(), {"accept": ";;;,,,q"}),
    "Accept nothing at all": (body(), {"accept": "application/json;q=0"}),
    "Accept another charset": (body(), {"accept": "application/json;charset=utf-16"}),
}
