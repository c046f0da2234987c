"""Each page of a PDF is stamped where one sees it."""

import io

import pikepdf
import pypdfium2
import pytest

from tests.make import files as make

LINE = "Vertraulich – abgerufen von Jörg Müßiggang, am 23. November 2026"


def seen(content: bytes, number: int = 0):
    """The lower part of a page as it is shown, and all its words."""
    page = pypdfium2.PdfDocument(content)[number]
    picture = page.render(scale=2).to_pil().convert("L")
    return picture.crop(
        (0, picture.height * 9 // 10, picture.width, picture.height)
    ), page.get_textpage().get_text_bounded()


def test_every_page_carries_the_line(read):
    answer = read("stamp", make.pdf(3), text=LINE)
    assert answer.only == {"pages": 3}
    for number in range(3):
        words = seen(answer.result, number)[1]
        assert LINE in words
        assert f"Seite {number + 1} von 3" in words


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("cropped", [False, True])
def test_it_stands_upright_at_the_foot_dark_on_bright(read, dark, turn, cropped):
    plain = make.pdf(rotate=turn, dark=dark, cropped=cropped, lines=0)
    before, _ = seen(plain)
    after, words = seen(read("stamp", plain, text=LINE).result)
    assert LINE in words
    assert after.tobytes() != before.tobytes()
    column = [
        after.getpixel((after.width // 2 + shift, row))
        for row in range(after.height)
        for shift in range(-60, 60)
    ]
    assert min(column) < 60
    assert max(column) > 200


@pytest.mark.parametrize("size", [(60, 40), (200, 120), (842, 595), (2384, 3370), (10, 4000)])
def test_it_fits_on_paper_of_any_size(read, size):
    result = read("stamp", make.pdf(size=size, lines=1), text=LINE).result
    with pikepdf.open(io.BytesIO(result)) as file:
        assert [float(side) for side in file.pages[0].mediabox][2:] == pytest.approx(size)
    assert "abgerufen" in seen(result)[1].replace("\r\n", "")


def test_letters_of_all_neighbours_are_drawn(read):
    width = {}
    for name in ("Zadlo Ors Celik esc", "Żądło Őrş Çelik ěšč"):
        picture, _ = seen(read("stamp", make.pdf(lines=0), text=name).result)
        ink = picture.point(lambda tone: 255 if tone < 100 else 0)
        width[name] = ink.getbbox()
    plain, accented = width.values()
    # Equally wide, and higher above and lower beneath: no letter is missing, accents are there.
    assert abs((plain[2] - plain[0]) - (accented[2] - accented[0])) < 8
    assert accented[3] - accented[1] > plain[3] - plain[1]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Юлія Щербакова", "Iuliia Shcherbakova"),
        ("Ёлкина Жанна", "Elkina Zhanna"),
        ("Ђорђе Љубић", "Dorde Ljubic"),
        ("Γιώργος Θεοδωρίδης", "Giorgos Theodoridis"),
    ],
)
def test_names_in_other_alphabets_stand_there_as_in_a_passport(read, name, shown):
    assert f"von {shown} am" in seen(read("stamp", make.pdf(lines=0), text=f"von {name} am").result)[1]


def test_signs_that_nothing_can_draw_do_no_harm(read):
    assert "?" in seen(read("stamp", make.pdf(lines=0), text="中文 \x00 \ud83d (a) \\ )").result)[1]


def test_pages_that_share_all_they_have_are_stamped_once_each(read):
    answer = read("stamp", make.many_pages_pdf(300), text=LINE)
    assert answer.only == {"pages": 300}
    assert seen(answer.result, 299)[1].count("Vertraulich") == 1


def test_what_was_in_the_file_stays(read):
    with pikepdf.open(io.BytesIO(read("stamp", make.pdf(form=True, comments=1), text=LINE).result)) as file:
        assert len(file.pages[0].Annots) == 2


def test_files_that_cannot_be_opened_are_not_stamped(read):
    assert read("stamp", make.pdf(password="geheim"), text=LINE).fault == "encrypted"
    assert read("stamp", make.png(), text=LINE).fault == "broken"
