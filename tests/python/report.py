"""What html5lib, which reads HTML as browsers do, makes of a report: JSON on the
standard output.

    report.py FILE

errors      what is not well formed
elements    the names of all elements, none twice
attributes  the names of their attributes, none twice
rows        of each row of a table: how many columns its heads have, and its cells
text        what is read
"""

import json
import sys

import html5lib


def local(name):
    return name.split("}")[-1]


def columns(row):
    return sum(int(cell.get("colspan", "1")) for cell in row)


parser = html5lib.HTMLParser(namespaceHTMLElements=False)
with open(sys.argv[1], "rb") as file:
    document = parser.parse(file, transport_encoding="utf-8")
elements = [element for element in document.iter() if isinstance(element.tag, str)]
answer = {
    "errors": [[str(part) for part in error] for error in parser.errors],
    "elements": sorted({local(element.tag) for element in elements}),
    "attributes": sorted({local(name) for element in elements for name in element.keys()}),
    "rows": [
        [columns(table.find("thead/tr")), columns(row)]
        for table in document.iter("table")
        for row in table.iter("tr")
    ],
    "text": "".join(document.find("body").itertext()),
}
print(json.dumps(answer))
