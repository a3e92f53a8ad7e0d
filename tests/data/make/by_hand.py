"""The files of the zoo that no program would save: hostile, broken, or of another format.

Also the odd but honest ones whose makers are not at hand (prefixed namespaces, strict OOXML, Google Sheets, Java).
Run by `python -m tests.data.make.by_hand`.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from xml.sax.saxutils import escape

from tests.data.make.people import FOLDER, LABELS, ROWS, target

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


def row(number, values, placed=True):
    places = [f'r="{letter}{number}"' if placed else "" for letter in "ABCDEFGHIJ"]
    cells = "".join(
        f'<c {place} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        for place, value in zip(places, values, strict=False)
    )
    return f'<row{f""" r="{number}" """ if placed else ""}>{cells}</row>'


def rows(placed=True, count=2):
    return "".join(row(at, values, placed) for at, values in enumerate((LABELS, *ROWS[:count]), start=1))


def worksheet(data, before="", main=MAIN):
    return f'{XML}{before}<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>'


def parts(sheet, strings=None, main=MAIN, office=OFFICE, kind="sheet.main+xml"):
    base = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    made = {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{base}.{kind}"/>'
        f'<Override PartName="/{SHEET}" ContentType="{base}.worksheet+xml"/></Types>',
        "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{XML}<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        f'<sheet name="사용자 등록" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{office}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        SHEET: sheet,
    }
    if strings is not None:
        made[STRINGS] = strings
    return made


def packed(made, level=9):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in made.items() if isinstance(made, dict) else made:
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return file.getvalue()


def save(name, content):
    Path(target(name)).write_bytes(content)


def repeated(name, part, head, body, times, tail, others):
    """A part that is `body` over and over, packed as it is made: it may be larger than this machine's memory."""
    with zipfile.ZipFile(target(name), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for other, content in others.items():
            archive.writestr(zipfile.ZipInfo(other, (2026, 1, 1, 0, 0, 0)), content)
        entry = zipfile.ZipInfo(part, (2026, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as stream:
            stream.write(head)
            block = body * max(1, (1 << 20) // len(body))
            for _ in range(times // (len(block) // len(body))):
                stream.write(block)
            stream.write(tail)


def halves(sheet):
    head, tail = sheet.split("@")
    return head.encode(), tail.encode()


def other_formats():
    text = "\r\n".join(",".join(values) for values in (LABELS, *ROWS))
    save("csv_utf8.xlsx", text.encode())
    save("csv_utf8_bom.xlsx", text.encode("utf-8-sig"))
    save("csv_cp949.xlsx", text.encode("cp949"))
    save("tsv_utf16.xlsx", text.replace(",", "\t").encode("utf-16"))
    save("empty.xlsx", b"")
    save("noise.xlsx", bytes((at * 7919 + at // 251) % 256 for at in range(4096)))
    save("web_page_renamed.xlsx", b"<html><table><tr><td>070-8000-1010</td></tr></table></html>")
    workbook = (
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table/></Worksheet></Workbook>'
    )
    save(
        "xml_spreadsheet_renamed.xlsx",
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>{workbook}'.encode(),
    )
    save("encrypted.xlsx", compound("EncryptionInfo", "EncryptedPackage"))
    save("secured_drm.xlsx", b"\x9b DRMONE  This Document is encrypted and protected by DRM " + bytes(512))
    save(
        "word_renamed.xlsx",
        packed(
            {
                "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
                "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"/>',
                "word/document.xml": "<document/>",
            }
        ),
    )
    save("zip_renamed.xlsx", packed({"readme.txt": "no workbook"}))
    macro = parts(worksheet(rows()))
    save("macro.xlsx", packed({**macro, "xl/vbaProject.bin": b"\xcc\x61"}))
    typed = parts(worksheet(rows())) | {}
    typed["[Content_Types].xml"] = typed["[Content_Types].xml"].replace(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    save("macro_type_only.xlsx", packed(typed))
    binary = dict(macro)
    del binary["xl/workbook.xml"]
    save("binary_renamed.xlsx", packed({**binary, "xl/workbook.bin": b"\x83\x01"}))


def compound(*streams):
    """A minimal OLE compound file: header, one allocation sector, one directory sector naming the streams."""
    free, end, special = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = struct.pack("<8s16x5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    table = struct.pack("<128I", special, end, *[free] * 126)
    directory = b""
    for at, name in enumerate(("Root Entry", *streams)):
        text = name.encode("utf-16-le").ljust(64, b"\0")
        links = (free, free, 1) if at == 0 else (free, at + 1 if at < len(streams) else free, free)
        directory += text + struct.pack("<HBB3I36xIQ", 2 * len(name) + 2, 5 if at == 0 else 2, 1, *links, end, 0)
    return header + table + directory.ljust(512, b"\0")


def odd_but_honest():
    prefixed = (
        worksheet(rows())
        .replace("<", "<x:")
        .replace("<x:/", "</x:")
        .replace("<x:?", "<?")
        .replace("xmlns=", "xmlns:x=")
    )
    save("prefixed_namespace.xlsx", packed(parts(prefixed)))
    save("strict.xlsx", packed(parts(worksheet(rows(), main=STRICT_MAIN), main=STRICT_MAIN, office=STRICT_OFFICE)))
    save("positional_cells.xlsx", packed(parts(worksheet(rows(placed=False)))))
    save(
        "wrong_dimension.xlsx",
        packed(parts(worksheet(rows()).replace("<sheetData>", '<dimension ref="A1:A1"/><sheetData>'))),
    )
    number = '<c r="A2"><v>7.08000101E9</v></c><c r="B2" t="str"><v>김민준</v></c><c r="E2"><v>1.023456701E9</v></c>'
    save("java_exponents.xlsx", packed(parts(worksheet(row(1, LABELS) + f'<row r="2">{number}</row>'))))
    strings = [value for values in (LABELS, ROWS[0]) for value in values]
    shared = "".join(f"<si><t>{escape(value)}</t></si>" for value in strings)
    rich = '<r><t>김</t></r><r><rPr><b/></rPr><t xml:space="preserve">민준 </t></r>'
    shared += f'<si>{rich}<rPh sb="0" eb="1"><t>キム</t></rPh></si>'
    index = iter(range(99))
    data = "".join(
        f'<row r="{at}" spans="1:8">'
        + "".join(f'<c r="{name}{at}" s="1" t="s"><v>{next(index)}</v></c>' for name in "ABCDEFGH")
        + "</row>"
        for at in (1, 2)
    ).replace("<v>9</v>", "<v>16</v>")
    google = worksheet(data).replace(
        "<sheetData>", '<sheetPr><outlinePr summaryBelow="0"/></sheetPr><sheetFormatPr customHeight="1"/><sheetData>'
    )
    save("google_sheets.xlsx", packed(parts(google, f'{XML}<sst xmlns="{MAIN}">{shared}</sst>')))
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, content in parts(worksheet(rows())).items():
            archive.writestr(name.replace("xl/workbook.xml", "XL/Workbook.xml"), content)
    save("stored_upper_case.xlsx", stored.getvalue())


def broken():
    good = packed(parts(worksheet(rows())))
    save("truncated.xlsx", good[: len(good) // 2])
    save("cut_xml.xlsx", packed(parts(worksheet(rows())[:-60])))
    flipped = bytearray(good)
    at = good.index(b"sheet1.xml") + 60
    flipped[at] ^= 0xFF
    save("flipped.xlsx", bytes(flipped))
    save(
        "string_index.xlsx",
        packed(parts(worksheet(row(1, LABELS) + '<row r="2"><c r="A2" t="s"><v>999</v></c></row>'))),
    )
    save("rows_backwards.xlsx", packed(parts(worksheet(row(1, LABELS) + row(3, ROWS[0]) + row(2, ROWS[1])))))
    save(
        "hidden_only.xlsx",
        packed(
            parts(worksheet(rows()))
            | {"xl/workbook.xml": parts("")["xl/workbook.xml"].replace("<sheet ", '<sheet state="veryHidden" ')}
        ),
    )
    missing = parts(worksheet(rows()))
    del missing["xl/workbook.xml"]
    save("no_workbook.xlsx", packed(missing))


def hostile():
    honest = parts(worksheet(rows()))
    dtd = '<!DOCTYPE x [<!ENTITY a "0123456789"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    save("dtd_laughs.xlsx", packed(parts(worksheet(rows().replace("김민준", "&c;"), before=dtd))))
    file = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    save("dtd_file.xlsx", packed(parts(worksheet(rows().replace("김민준", "&a;"), before=file))))
    save("dtd_strings.xlsx", packed(parts(worksheet(rows()), f'{XML}{dtd}<sst xmlns="{MAIN}"/>')))
    save("traversal_name.xlsx", packed({**honest, "../../etc/cron.d/x": "x"}))
    save("absolute_name.xlsx", packed({**honest, "/etc/x": "x"}))
    save("repeated_name.xlsx", packed([*honest.items(), (SHEET.upper(), worksheet(""))]))
    save("many_parts.xlsx", packed({**honest, **{f"xl/media/{at}.png": "" for at in range(120)}}))
    symbolic = io.BytesIO(packed(honest))
    with zipfile.ZipFile(symbolic, "a") as archive:
        link = zipfile.ZipInfo("xl/link.xml", (2026, 1, 1, 0, 0, 0))
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    save("symbolic_link.xlsx", symbolic.getvalue())
    flagged = bytearray(packed(honest))
    at = flagged.index(b"PK\x01\x02")
    flagged[at + 8] |= 1
    save("encrypted_entry.xlsx", bytes(flagged))
    save(
        "external_link.xlsx",
        packed(
            {
                **honest,
                "xl/_rels/workbook.xml.rels": honest["xl/_rels/workbook.xml.rels"].replace(
                    'Target="worksheets/sheet1.xml"', 'Target="http://127.0.0.1:9/sheet1.xml" TargetMode="External"'
                ),
            }
        ),
    )
    save(
        "column_zzzzzz.xlsx", packed(parts(worksheet(row(1, LABELS) + '<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>')))
    )
    save("lying_directory.xlsx", lying())
    others = {name: content for name, content in honest.items() if name != SHEET}
    head, tail = halves(worksheet(row(1, LABELS) + "@"))
    repeated("bomb_512mb.xlsx", SHEET, head, b" ", 512 << 20, tail, others)
    cell_head, cell_tail = halves(
        worksheet(row(1, LABELS) + '<row r="2"><c r="B2" t="inlineStr"><is><t>@</t></is></c></row>')
    )
    near = 45 << 20
    repeated("long_cell.xlsx", SHEET, cell_head, "김민준 이서연 ".encode(), near // 20, cell_tail, others)
    repeated("deep.xlsx", SHEET, head, b"<a>", near // 3, b"", others)
    comment_head, comment_tail = halves(worksheet(row(1, LABELS) + "<!--@-->"))
    repeated("long_comment.xlsx", SHEET, comment_head, b"< >", near // 3, comment_tail, others)
    wide_head, wide_tail = halves(worksheet(row(1, LABELS) + '<row r="2">@</row>'))
    repeated("wide_row.xlsx", SHEET, wide_head, b"<c/>", near // 4, wide_tail, others)
    repeated("empty_rows.xlsx", SHEET, head, b"<row/>", near // 6, tail, others)
    sst_head, sst_tail = halves(f'{XML}<sst xmlns="{MAIN}">@</sst>')
    repeated("many_strings.xlsx", STRINGS, sst_head, b"<si/>", near // 5, sst_tail, honest)
    newline_head, newline_tail = halves(f'{XML}<sst xmlns="{MAIN}"><si><t>@</t></si></sst>')
    repeated("newlines.xlsx", STRINGS, newline_head, b"\n", near, newline_tail, honest)
    names = "".join(f'<a{at:x} b{at:x}=""/>' for at in range(20_000))
    save("many_names.xlsx", packed(parts(worksheet(row(1, LABELS) + names)), level=6))
    spaces = "".join(f'<c xmlns:p{at:x}="u{at:x}"/>' for at in range(20_000))
    save("many_namespaces.xlsx", packed(parts(worksheet(row(1, LABELS) + spaces)), level=6))


def lying():
    """The directory says that the sheet unpacks to 1,000 bytes; it unpacks to 96 MB."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    head, tail = halves(worksheet(row(1, LABELS) + "@"))
    data = bomb.compress(head)
    block = b"<row/>" * 100_000
    for _ in range(160):
        data += bomb.compress(block)
    data += bomb.compress(tail) + bomb.flush()
    honest = parts(worksheet(rows()))
    made = bytearray(packed({name: content for name, content in honest.items() if name != SHEET}))
    end = made.index(b"PK\x05\x06")
    directory_at = struct.unpack_from("<L", made, end + 16)[0]
    directory = bytes(made[directory_at:end])
    name = SHEET.encode()
    sizes = struct.pack("<3L", 0, len(data), 1000)
    local = struct.pack("<4s5H", b"PK\x03\x04", 20, 0, 8, 0, 0x5C21) + sizes + struct.pack("<2H", len(name), 0) + name
    entry = struct.pack("<4s6H", b"PK\x01\x02", 20, 20, 0, 8, 0, 0x5C21) + sizes
    entry += struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, directory_at) + name
    count = len(honest)
    body = bytes(made[:directory_at]) + local + data
    whole = directory + entry
    return body + whole + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(whole), len(body), 0)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for make in (other_formats, odd_but_honest, broken, hostile):
        make()
