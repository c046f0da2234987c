"""A file that asks somebody for something when it is opened says so, and where that can be, it is taken out."""

import io

import pikepdf
import pytest

from forum.files.reader import remote
from tests.make import files as make

URL, HOST = f"https://{make.SPY}/x", [make.SPY]
_JUMP = {"/S": pikepdf.Name.URI, "/URI": URL}
#: What can be taken out, and what stays when it was.
REMOVABLE = {
    "template": make.tied(make.docx(), "word/settings.xml", "attachedTemplate"),
    "picture in Word": make.tied(make.docx(), "word/document.xml", "image"),
    "object in Word": make.tied(make.docx(), "word/document.xml", "oleObject", f"//{make.SPY}/s/x"),
    "frame": make.tied(make.docx(), "word/webSettings.xml", "frame"),
    "picture on a slide": make.tied(make.pptx(), "ppt/slides/slide1.xml", "image"),
    "book elsewhere": make.tied(make.xlsx(), "xl/worksheets/sheet1.xml", "externalLinkPath", f"file:///\\\\{make.SPY}\\s"),
    "connection": make.xlsx_with_connection(),
    "INCLUDEPICTURE": make.with_field(f' INCLUDEPICTURE "{URL}" \\d '),
    "INCLUDETEXT": make.with_field(f"INCLUDETEXT \\\\\\\\{make.SPY}\\\\s\\\\x"),
    "picture in ODT": make.odt_with_outside_picture(URL),
    "action at the start": make.pdf_with({"/OpenAction": pikepdf.Dictionary(_JUMP)}),
    "action at printing": make.pdf_with({"/AA": pikepdf.Dictionary(WP=pikepdf.Dictionary(_JUMP))}),
    "form sent": make.pdf_with({"/OpenAction": pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F=URL)}),
    "script": make.pdf(script=f"this.getURL('{URL}')"),
    "form in XML": make.pdf_with_xml_form(
        f"<template><submit target='{URL}'/><script>xfa.host.exit()</script></template>".encode()
    ),
}  # fmt: skip
STAYING = {
    "WEBSERVICE": make.xlsx_with_formula(f'_xlfn.WEBSERVICE("{URL}")'),
    "IMAGE": make.xlsx_with_formula(f'_xlfn.IMAGE("{URL}")'),
    "WEBSERVICE in ODS": make.ods_with_formula(f"of:=WEBSERVICE(&quot;{URL}&quot;)"),
    "template in RTF": rb"{\rtf1\ansi{\*\template " + URL.encode() + rb"}Text\par}",
    "field in RTF": rb"{\rtf1\ansi{\field{\*\fldinst { INCLUDEPICTURE \\d " + f'"{URL}"'.encode() + rb" }}{\fldrslt x}}}",
    "object in RTF": rb"{\rtf1\ansi{\object\objautlink{\*\objdata " + URL.encode("utf-16-le").hex().encode() + rb"}}}",
}  # fmt: skip
QUIET = {
    "a link to be clicked": make.tied(make.docx(), "word/document.xml", "hyperlink"),
    "a link in a field": make.with_field(f'HYPERLINK "{URL}"'),
    "a template on one's own disk": make.tied(
        make.docx(), "word/settings.xml", "attachedTemplate", "file:///C:\\Users\\p\\Normal.dotm"
    ),
    "a picture left out": make.tied(make.pptx(), "ppt/slides/slide1.xml", "image", "NULL"),
    "an address in a cell": make.xlsx({"Blatt": [[URL, "=SUM(1,2)"]]}),
    "a page to begin with": make.pdf_with({"/OpenAction": pikepdf.Dictionary(S=pikepdf.Name.GoTo, D="a")}),
    "a remark in a script": make.pdf(script="app.alert(1); //print it"),
    "an address in Rich Text": make.rtf(URL),
}


@pytest.mark.parametrize("name", [*REMOVABLE, *STAYING])
def test_who_is_asked_when_it_is_opened_is_said(read, name):
    assert read("inspect", (REMOVABLE | STAYING)[name]).only["findings"]["remote"] == HOST


@pytest.mark.parametrize("name", QUIET)
def test_what_waits_for_a_click_or_stays_on_the_disk_is_not_said(read, name):
    assert "remote" not in read("inspect", QUIET[name]).only["findings"]


@pytest.mark.parametrize("name", REMOVABLE)
def test_it_is_taken_out(read, name):
    answer = read("strip", REMOVABLE[name])
    assert answer.only["findings"] == {}
    assert read("inspect", answer.result).only["findings"] == {}


@pytest.mark.parametrize(
    "name", ["WEBSERVICE", "IMAGE", "WEBSERVICE in ODS", "field in RTF", "object in RTF"]
)
def test_what_cannot_be_taken_out_is_still_said_afterwards(read, name):
    assert read("strip", STAYING[name]).only["findings"]["remote"] == HOST


def test_programs_that_a_document_starts_are_said(read):
    content = make.with_field(f'DDEAUTO c:\\\\windows\\\\cmd.exe "/k {URL}"')
    found = read("inspect", content).only["findings"]
    assert (found["scripts"], found["remote"]) == (True, HOST)


def test_a_form_without_its_xml_still_opens(read):
    result = read("strip", REMOVABLE["form in XML"]).result
    with pikepdf.open(io.BytesIO(result)) as file:
        assert "/XFA" not in file.Root.AcroForm


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("https://u:p@spion.example:8080/x", ["spion.example:8080"]),
        (r"\\?\UNC\spion.example\s", ["spion.example"]),
        ("https:\\\\spion.example\\x", ["spion.example"]),
        ("https://spi\u202eon.example/x", ["spion.example"]),
        ("http://localhost/x", []),
        ("file:///home/p/x", []),
        ("../media//x.png", []),
    ],
)
def test_a_host_is_told_whatever_the_writing_and_tamed(address, hosts):
    assert remote.hosts([address]) == hosts
