"""The authorization matrix: every route, every kind of viewer, the status each must get.

The things asked for lie in Finsterwalde and are Petra's, unless the row says otherwise. The columns:

    visitor   has not signed in: 302 leads a page to sign-in, 401 keeps what was typed
    olga      member of another region      rosa      moderator of another region
    petra     member here, the author       manfred   moderator here
    sabine    IG Metall staff here          karla     administrator, belongs nowhere

404 is the answer to "no such thing" and to "not for you" alike. 403: may see it, but not do this with it.
200 and 303 (go on to …) are yes, 422 means that the form said no.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from forum.core.clock import now
from forum.core.paging import write_cursor
from tests.architecture.scene import PASSWORD, Ask, Scene, ask, picture

VIEWERS = ("visitor", "olga", "petra", "rosa", "manfred", "sabine", "karla")


@dataclass(frozen=True)
class Row:
    """One case: which endpoint, what is asked, what each viewer gets."""

    endpoint: str
    case: str
    statuses: tuple[int, ...]
    ask: Callable[[Scene], Ask]

    @property
    def name(self) -> str:
        return f"{self.endpoint} {self.case}".strip().replace(" ", "-")

    def expected(self, viewer: str) -> int:
        return self.statuses[VIEWERS.index(viewer)]


def row(
    endpoint: str, statuses: str, asks: Callable[[Scene], Ask] = lambda _scene: ask(), case: str = ""
) -> Row:
    found = tuple(int(status) for status in statuses.split())
    assert len(found) == len(VIEWERS), endpoint
    return Row(endpoint, case, found, asks)


def _reply() -> dict[str, str]:
    return {"text": "Bei uns 21 Tage im Voraus.", "client_key": str(uuid4())}


def _announcement(scene: Scene) -> dict[str, object]:
    return {
        "title": "Neues Muster",
        "text": "Bitte lesen.",
        "spaces": scene.here,
        "role": "all",
        "timing": "now",
        "publish": "1",
        "client_key": str(uuid4()),
    }


def _comment(scene: Scene) -> dict[str, object]:
    return {
        "board_id": scene.cast.board,
        "title": "Zum Muster",
        "text": "Was meint ihr?",
        "client_key": str(uuid4()),
    }


def _room() -> dict[str, str]:
    return {"name": f"Raum {uuid4()}", "retention_days": "90", "slow_seconds": "10"}


def _transcript(scene: Scene) -> dict[str, object]:
    return {
        "messages": scene.message(),
        "board_id": scene.cast.board,
        "title": "Wer ist morgen da?",
        "text": "Was wir gesagt haben",
        "client_key": str(uuid4()),
    }


def _discussion(scene: Scene) -> dict[str, object]:
    return {"board_id": scene.cast.board, "title": "BV Gleitzeit", **_reply()}


def _version(scene: Scene) -> dict[str, object]:
    return {"file_ids": scene.own_file(), "note": "Neu", "client_key": str(uuid4())}


def _description(revision: int = 0) -> dict[str, object]:
    return {"title": f"BV {uuid4()}", "kind": "agreement", "revision": revision}


_SITE = {"company": "Lausitzer Guss GmbH", "town": "Finsterwalde"}
_TERM = {"function": "member", "since": "2020-01-01", "until": "2020-12-31"}
_OWN = {"password": PASSWORD}
_ACCOUNT = {"name": "Grete Gast", "new_password": "drei nasse Regenschirme"}


def _invitation(scene: Scene) -> dict[str, object]:
    return {"space_id": scene.here, "role": "member", "client_key": str(uuid4())}


MATRIX = (
    #                                        visitor olga petra rosa manfred sabine karla
    # Start, region and member pages, what everybody may see
    row("portal.show_start",                    "302 200 200 200 200 200 200"),
    row("portal.show_space",                    "302 404 200 404 200 200 200", lambda s: ask(space_id=s.here)),
    row("portal.show_member",                   "302 200 200 200 200 200 200", lambda s: ask(member_id=s.cast.petra.id)),
    row("portal.show_member",                   "302 404 404 404 404 404 200", lambda s: ask(member_id=s.cast.karla.id), "who belongs nowhere"),
    row("portal.update_display",                "303 303 303 303 303 303 303", lambda s: ask({"locale": "en"})),
    row("portal.show_imprint",                  "200 200 200 200 200 200 200"),
    row("portal.show_privacy",                  "200 200 200 200 200 200 200"),
    row("portal.show_accessibility",            "200 200 200 200 200 200 200"),
    row("portal.show_robots",                   "200 200 200 200 200 200 200"),
    row("members.show_picture",                 "302 200 200 200 200 200 200", lambda s: ask(member_id=s.cast.petra.id, version=s.picture_of_petra())),
    # Boards
    row("boards.list_boards",                   "302 200 200 200 200 200 200"),
    row("boards.show_board",                    "302 404 200 404 200 200 404", lambda s: ask(board_id=s.cast.board)),
    row("boards.create_board_reading",          "401 404 303 404 303 303 404", lambda s: ask(board_id=s.cast.board)),
    row("boards.create_reading",                "401 303 303 303 303 303 303"),
    row("boards.list_managed_boards",           "302 404 404 404 200 404 404", lambda s: ask(space_id=s.here)),
    row("boards.new_board",                     "302 404 404 404 200 404 404", lambda s: ask(space_id=s.here)),
    row("boards.create_board",                  "401 404 404 404 303 404 404", lambda s: ask({"name": "Ergonomie", "starters": "members"}, space_id=s.here)),
    row("boards.edit_board",                    "302 404 404 404 200 404 404", lambda s: ask(board_id=s.board())),
    row("boards.update_board",                  "401 404 404 404 303 404 404", lambda s: ask({"name": "Ergonomie", "starters": "members"}, board_id=s.board())),
    row("boards.update_board_position",         "401 404 404 404 303 404 404", lambda s: ask({"step": "1"}, board_id=s.board())),
    row("boards.create_archival",               "401 404 404 404 303 404 404", lambda s: ask(board_id=s.board())),
    row("boards.delete_archival",               "401 404 404 404 303 404 404", lambda s: ask(board_id=s.board())),
    row("boards.update_board_watch",            "401 404 303 404 303 303 404", lambda s: ask({"level": "all"}, board_id=s.cast.board)),
    # Topics
    row("boards.update_topic_watch",            "401 404 303 404 303 303 404", lambda s: ask({"level": "muted"}, topic_id=s.topic())),
    row("boards.update_topic_watch",            "401 404 404 404 404 404 404", lambda s: ask({"level": "loud"}, topic_id=s.topic()), "with a level that is none"),
    row("boards.show_topic",                    "302 404 200 404 200 200 404", lambda s: ask(topic_id=s.topic())),
    row("boards.show_unread",                   "302 404 302 404 302 302 404", lambda s: ask(topic_id=s.topic())),
    row("boards.print_topic",                   "302 404 200 404 200 200 404", lambda s: ask(topic_id=s.topic())),
    row("boards.create_topic_reading",          "401 404 303 404 303 303 404", lambda s: ask({"number": "1"}, topic_id=s.topic())),
    row("boards.new_topic",                     "302 404 200 404 200 200 404", lambda s: ask(board_id=s.cast.board)),
    row("boards.new_topic",                     "302 403 403 403 403 200 404", lambda s: ask(board_id=s.cast.staff_board), "where only staff begins"),
    row("boards.create_topic",                  "401 404 303 404 303 303 404", lambda s: ask({"title": "Dienstplan", **_reply()}, board_id=s.cast.board)),
    row("boards.create_topic",                  "401 403 403 403 403 303 404", lambda s: ask({"title": "Tarifrunde", **_reply()}, board_id=s.cast.staff_board), "where only staff begins"),
    row("boards.edit_title",                    "302 404 200 404 200 403 404", lambda s: ask(topic_id=s.topic())),
    row("boards.edit_title",                    "302 404 403 404 200 403 404", lambda s: ask(topic_id=s.closed_topic()), "of a closed topic"),
    row("boards.update_title",                  "401 404 303 404 303 403 404", lambda s: ask({"title": "Neuer Titel"}, topic_id=s.topic())),
    row("boards.create_closure",                "401 404 403 404 303 403 404", lambda s: ask(topic_id=s.topic())),
    row("boards.delete_closure",                "401 404 403 404 303 403 404", lambda s: ask(topic_id=s.closed_topic())),
    row("boards.create_pin",                    "401 404 403 404 303 403 404", lambda s: ask(topic_id=s.topic())),
    row("boards.delete_pin",                    "401 404 403 404 303 403 404", lambda s: ask(topic_id=s.topic())),
    row("boards.new_move",                      "302 404 403 404 200 403 404", lambda s: ask(topic_id=s.topic())),
    row("boards.create_move",                   "401 404 403 404 303 403 404", lambda s: ask({"board_id": s.cast.other_board}, topic_id=s.topic())),
    row("boards.create_move",                   "401 404 403 404 422 403 404", lambda s: ask({"board_id": s.cast.foreign_board}, topic_id=s.topic()), "into a foreign region"),
    row("boards.update_draft",                  "401 404 200 404 200 200 404", lambda s: ask({"place": f"topic:{s.topic()}", "text": "Ich wollte"})),
    # Posts
    row("boards.show_post",                     "302 404 302 404 302 302 404", lambda s: ask(post_id=s.post())),
    row("boards.new_post",                      "302 404 200 404 200 200 404", lambda s: ask(topic_id=s.topic())),
    row("boards.new_post",                      "302 404 403 404 200 403 404", lambda s: ask(topic_id=s.closed_topic()), "in a closed topic"),
    row("boards.new_post",                      "302 404 200 404 200 404 404", lambda s: ask(topic_id=s.topic_of(post := s.hidden_post()), quote=post), "with a hidden post quoted"),
    row("boards.create_post",                   "401 404 303 404 303 303 404", lambda s: ask(_reply(), topic_id=s.topic())),
    row("boards.create_post",                   "401 404 403 404 303 403 404", lambda s: ask(_reply(), topic_id=s.closed_topic()), "in a closed topic"),
    row("boards.edit_post",                     "302 404 200 404 403 403 404", lambda s: ask(post_id=s.post())),
    row("boards.edit_post",                     "302 404 403 404 403 403 404", lambda s: ask(post_id=s.hidden_post()), "that is hidden"),
    row("boards.update_post",                   "401 404 303 404 403 403 404", lambda s: ask({"text": "Neue Worte", "version": "0"}, post_id=s.post())),
    row("boards.list_edits",                    "302 404 200 404 200 200 404", lambda s: ask(post_id=s.edited_post())),
    row("boards.list_edits",                    "302 404 200 404 200 404 404", lambda s: ask(post_id=s.edited_hidden_post()), "of a hidden post"),
    row("boards.create_withdrawal",             "401 404 303 404 403 403 404", lambda s: ask(post_id=s.post())),
    row("boards.new_hiding",                    "302 404 403 404 200 403 404", lambda s: ask(post_id=s.post())),
    row("boards.create_hiding",                 "401 404 403 404 303 403 404", lambda s: ask({"reason": "Nennt Zahlen"}, post_id=s.post())),
    row("boards.create_restoration",            "401 404 303 404 303 403 404", lambda s: ask(post_id=s.withdrawn_post()), "of what its author took back"),
    row("boards.create_restoration",            "401 404 403 404 303 403 404", lambda s: ask(post_id=s.hidden_post()), "of what was hidden"),
    # Files on their way up: nobody but their sender knows of them
    row("files.create_upload",                  "401 201 201 201 201 201 201", lambda s: ask({"Upload-Length": "5"})),
    row("files.create_upload",                  "401 422 422 422 422 422 422", lambda s: ask({"Upload-Length": "0"}), "of nothing"),
    row("files.show_upload",                    "302 404 200 404 404 404 404", lambda s: ask(key=s.begun_upload())),
    row("files.update_upload",                  "401 404 204 404 404 404 404", lambda s: ask({"Upload-Offset": "0"}, key=s.begun_upload())),
    row("files.delete_upload",                  "401 404 204 404 404 404 404", lambda s: ask(key=s.begun_upload())),
    # What a file tells about its makers: only its sender is asked
    row("files.edit_choice",                    "302 404 200 404 404 404 404", lambda s: ask(file_id=s.asking_file())),
    row("files.update_choice",                  "401 404 303 404 404 404 404", lambda s: ask({"choice": "keep"}, file_id=s.asking_file())),
    row("files.update_choice",                  "401 422 422 422 422 422 422", lambda s: ask({"choice": "?"}, file_id=s.asking_file()), "that is none"),
    row("files.create_preview",                 "401 404 303 404 404 404 404", lambda s: ask(file_id=s.unshown_file())),
    # Files on posts and messages; here pictures of Petra's
    row("attachments.show_attachment",          "302 404 200 404 200 200 404", lambda s: ask(attachment_id=s.attachment())),
    row("attachments.show_attachment",          "302 404 200 404 200 404 404", lambda s: ask(attachment_id=s.attachment_of_hidden_post()), "of a hidden post"),
    row("attachments.show_attachment",          "302 404 200 404 404 200 404", lambda s: ask(attachment_id=s.attachment_between_two()), "between two"),
    row("attachments.show_attachment",          "302 404 200 404 404 404 404", lambda s: ask(attachment_id=s.unchecked_attachment()), "not looked through"),
    row("attachments.show_file",                "302 404 200 404 200 200 404", lambda s: ask(attachment_id=s.attachment())),
    row("attachments.show_file",                "302 404 200 404 200 404 404", lambda s: ask(attachment_id=s.attachment_of_hidden_post()), "of a hidden post"),
    row("attachments.show_file",                "302 404 200 404 404 200 404", lambda s: ask(attachment_id=s.attachment_between_two()), "between two"),
    row("attachments.show_file",                "302 404 404 404 404 404 404", lambda s: ask(attachment_id=s.unchecked_attachment()), "not looked through"),
    row("attachments.show_picture",             "302 404 200 404 200 200 404", lambda s: ask(attachment_id=s.attachment())),
    row("attachments.show_picture",             "302 404 200 404 404 200 404", lambda s: ask(attachment_id=s.attachment_between_two()), "between two"),
    row("attachments.show_tile",                "302 404 200 404 200 200 404", lambda s: ask(attachment_id=s.attachment())),
    row("attachments.show_tile",                "302 404 200 404 404 200 404", lambda s: ask(attachment_id=s.attachment_between_two()), "between two"),
    row("attachments.show_page",                "302 404 200 404 200 200 404", lambda s: ask(attachment_id=s.attachment(), number=1)),
    row("attachments.show_page",                "302 404 200 404 404 200 404", lambda s: ask(attachment_id=s.attachment_between_two(), number=1), "between two"),
    row("attachments.create_preview",           "401 404 303 404 303 303 404", lambda s: ask(attachment_id=s.failed_preview())),
    row("workflows.new_filing",                 "302 404 200 404 200 200 404", lambda s: ask(attachment_id=s.attachment())),
    row("workflows.new_filing",                 "302 404 404 404 404 404 404", lambda s: ask(attachment_id=s.attachment_between_two()), "from a private room"),
    row("workflows.create_filing",              "401 404 303 404 303 303 404", lambda s: ask({"title": "Halle", "folder_id": "0", "client_key": str(uuid4())}, attachment_id=s.attachment())),
    row("workflows.new_discussion",             "302 404 200 404 200 200 404", lambda s: ask(document_id=s.undiscussed_document())),
    row("workflows.create_discussion",          "401 404 303 404 303 303 404", lambda s: ask(_discussion(s), document_id=s.undiscussed_document())),
    # The library here; folders and documents are Petra's
    row("documents.list_libraries",             "302 200 200 200 200 200 200"),
    row("documents.create_readings",            "401 303 303 303 303 303 303"),
    row("documents.show_library",               "302 404 200 404 200 200 404", lambda s: ask(space_id=s.here)),
    row("documents.show_folder",                "302 404 200 404 200 200 404", lambda s: ask(folder_id=s.folder())),
    row("documents.new_folder",                 "302 404 200 404 200 200 404", lambda s: ask(space_id=s.here)),
    row("documents.create_folder",              "401 404 303 404 303 303 404", lambda s: ask({"name": f"Ordner {uuid4()}", "parent_id": "0"}, space_id=s.here)),
    row("documents.edit_folder",                "302 404 200 404 200 403 404", lambda s: ask(folder_id=s.folder())),
    row("documents.update_folder",              "401 404 303 404 303 403 404", lambda s: ask({"name": f"Ordner {uuid4()}"}, folder_id=s.folder())),
    row("documents.new_folder_move",            "302 404 200 404 200 403 404", lambda s: ask(folder_id=s.folder())),
    row("documents.create_folder_move",         "401 404 303 404 303 403 404", lambda s: ask({"parent_id": s.folder()}, folder_id=s.folder())),
    row("documents.new_folder_removal",         "302 404 200 404 200 403 404", lambda s: ask(folder_id=s.folder())),
    row("documents.delete_folder",              "401 404 303 404 303 403 404", lambda s: ask(folder_id=s.folder())),
    row("documents.edit_confidentiality",       "302 404 403 404 200 403 404", lambda s: ask(folder_id=s.folder())),
    row("documents.update_confidentiality",     "401 404 403 404 303 403 404", lambda s: ask({"is_confidential": "y"}, folder_id=s.folder())),
    row("documents.new_document",               "302 404 200 404 200 200 404", lambda s: ask(space_id=s.here)),
    row("documents.create_document",            "401 404 303 404 303 303 404", lambda s: ask(_version(s) | {"kind": "other", "folder_id": "0"}, space_id=s.here)),
    row("documents.show_document",              "302 404 200 404 200 200 404", lambda s: ask(document_id=s.document())),
    row("documents.show_document",              "302 404 200 404 200 404 404", lambda s: ask(document_id=s.binned_document()), "in the bin"),
    row("documents.edit_document",              "302 404 200 404 200 403 404", lambda s: ask(document_id=s.document())),
    row("documents.update_document",            "401 404 303 404 303 403 404", lambda s: ask(_description(), document_id=s.document())),
    row("documents.update_document",            "401 404 409 404 409 403 404", lambda s: ask(_description(7), document_id=s.document()), "that moved on meanwhile"),
    row("documents.create_follow",              "401 404 303 404 303 303 404", lambda s: ask(kind="documents", thing_id=s.document())),
    row("documents.create_follow",              "401 404 303 404 303 303 404", lambda s: ask(kind="folders", thing_id=s.folder()), "a folder"),
    row("documents.delete_follow",              "401 404 303 404 303 303 404", lambda s: ask(kind="documents", thing_id=s.document())),
    row("documents.delete_follow",              "401 404 303 404 303 303 404", lambda s: ask(kind="folders", thing_id=s.folder()), "a folder"),
    row("documents.create_reading",             "401 404 303 404 303 303 404", lambda s: ask(kind="documents", thing_id=s.document())),
    row("documents.create_reading",             "401 404 303 404 303 303 404", lambda s: ask(kind="folders", thing_id=s.folder()), "a folder"),
    row("documents.create_reservation",         "401 404 303 404 303 303 404", lambda s: ask({"period": "hours"}, document_id=s.document())),
    row("documents.delete_reservation",         "401 404 303 404 303 403 404", lambda s: ask(document_id=s.reserved_document())),
    row("documents.list_binned",                "302 404 200 404 200 200 404", lambda s: ask(after=s.binned_document(), space_id=s.here)),
    # Who may not is led back to the list, where it is said: tests/documents/test_views_selections.py.
    row("documents.create_selection",           "401 404 303 404 303 303 404", lambda s: ask({"ids": s.document(), "act": "bin", "back": "/documents"})),
    row("documents.create_selection",           "401 303 303 303 303 303 303", lambda s: ask({"ids": s.document(), "act": "zip", "space_id": s.here}), "to be saved"),
    row("documents.new_move",                   "302 404 200 404 200 403 404", lambda s: ask(space_id=s.here, ids=s.document())),
    row("documents.create_move",                "401 404 303 404 303 403 404", lambda s: ask({"ids": s.document(), "folder_id": s.folder()}, space_id=s.here)),
    row("documents.create_binning",             "401 404 303 404 303 403 404", lambda s: ask({"ids": s.document()})),
    row("documents.create_restoration",         "401 404 303 404 303 404 404", lambda s: ask({"ids": s.binned_document()})),
    # Versions, and what leaves the house
    row("documents.new_version",                "302 404 200 404 200 200 404", lambda s: ask(document_id=s.document())),
    row("documents.create_version",             "401 404 303 404 303 303 404", lambda s: ask(_version(s), document_id=s.document())),
    row("documents.create_version",             "401 404 303 404 409 409 404", lambda s: ask(_version(s), document_id=s.reserved_document()), "while Petra works on it"),
    row("documents.create_version",             "401 404 303 404 303 303 404", lambda s: ask(_version(s) | {"despite": "y"}, document_id=s.reserved_document()), "despite Petra's work"),
    row("documents.show_version",               "302 404 200 404 200 200 404", lambda s: ask(document_id=s.document_of_two(), number=1)),
    row("documents.create_version_restoration", "401 404 303 404 303 303 404", lambda s: ask(document_id=s.document_of_two(), number=1)),
    row("documents.show_comparison",            "302 404 200 404 200 200 404", lambda s: ask(document_id=s.document_of_two())),
    row("documents.show_file",                  "302 404 200 404 200 200 404", lambda s: ask(document_id=s.document(), number=1)),
    row("documents.show_file",                  "302 404 200 404 200 404 404", lambda s: ask(document_id=s.binned_document(), number=1), "in the bin"),
    row("documents.show_page",                  "302 404 200 404 200 200 404", lambda s: ask(document_id=s.document(), number=1, page=1)),
    row("documents.show_tile",                  "302 404 200 404 200 200 404", lambda s: ask(document_id=s.document(), number=1)),
    row("documents.create_preview",             "401 404 303 404 303 303 404", lambda s: ask(document_id=s.unshown_document(), number=1)),
    row("documents.show_library_archive",       "302 404 200 404 200 200 404", lambda s: ask(after=s.document(), space_id=s.here)),
    row("documents.show_folder_archive",        "302 404 200 404 200 200 404", lambda s: ask(folder_id=s.filled_folder())),
    row("documents.show_selection",             "302 404 200 404 200 200 404", lambda s: ask(space_id=s.here, ids=s.document())),
    # Chat: the list of rooms, beginning to talk
    row("chat.list_rooms",                      "302 200 200 200 200 200 200"),
    row("chat.edit_preferences",                "302 200 200 200 200 200 200"),
    row("chat.update_preferences",              "401 303 303 303 303 303 303", lambda s: ask({"shows_typing": "y", "enter_key": "break"})),
    row("chat.new_conversation",                "302 200 200 200 200 200 200"),
    row("chat.new_conversation",                "302 200 200 200 200 200 200", lambda s: ask(group=1, q="er"), "of several"),
    row("chat.create_conversation",             "401 303 303 303 303 303 404", lambda s: ask({"member_ids": s.newcomer()})),
    row("chat.create_conversation",             "401 404 404 404 404 404 404", lambda s: ask({"member_ids": s.cast.karla.id}), "with whom one shares no space"),
    row("chat.create_conversation",             "401 303 303 303 303 303 422", lambda s: ask({"member_ids": [s.newcomer(), s.newcomer()], "client_key": str(uuid4())}), "of several"),
    # Rooms of a space
    row("chat.new_room",                        "302 404 404 404 200 404 404", lambda s: ask(space_id=s.here)),
    row("chat.create_room",                     "401 404 404 404 303 404 404", lambda s: ask(_room() | {"client_key": str(uuid4())}, space_id=s.here)),
    row("chat.edit_room",                       "302 404 403 404 200 403 404", lambda s: ask(room_id=s.room())),
    row("chat.update_room",                     "401 404 403 404 303 403 404", lambda s: ask(_room(), room_id=s.room())),
    row("chat.create_lock",                     "401 404 403 404 303 403 404", lambda s: ask(room_id=s.room())),
    row("chat.delete_lock",                     "401 404 403 404 303 403 404", lambda s: ask(room_id=s.room())),
    row("chat.create_archive",                  "401 404 403 404 303 403 404", lambda s: ask(room_id=s.room())),
    row("chat.delete_archive",                  "401 404 403 404 303 403 404", lambda s: ask(room_id=s.room())),
    row("chat.create_mute",                     "401 404 303 404 303 303 404", lambda s: ask(room_id=s.cast.room)),
    row("chat.delete_mute",                     "401 404 303 404 303 303 404", lambda s: ask(room_id=s.cast.room)),
    row("chat.list_participants",               "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.room)),
    row("chat.new_silence",                     "302 404 403 404 200 403 404", lambda s: ask(room_id=s.room(), member_id=s.cast.petra.id)),
    row("chat.new_silence",                     "302 404 403 404 403 403 404", lambda s: ask(room_id=s.room(), member_id=s.cast.manfred.id), "of a moderator"),
    row("chat.create_silence",                  "401 404 403 404 303 403 404", lambda s: ask({"hours": "8", "reason": "Bitte sachlich"}, room_id=s.room(), member_id=s.cast.petra.id)),
    row("chat.delete_silence",                  "401 404 403 404 303 403 404", lambda s: ask(room_id=s.room(), member_id=s.cast.petra.id)),
    row("chat.show_search",                     "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.room, q="morgen")),
    row("chat.list_pinned",                     "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.room)),
    row("chat.new_export",                      "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.room)),
    row("chat.show_export",                     "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.room)),
    # Messages in the room here, Petra's unless said otherwise
    row("chat.show_room",                       "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.room)),
    row("chat.show_room",                       "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.room, reply=s.message()), "with an answer begun"),
    row("chat.show_room",                       "302 404 200 404 404 200 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("chat.show_room",                       "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.group()), "of a group"),
    row("chat.show_message",                    "302 404 302 404 302 302 404", lambda s: ask(message_id=s.message())),
    row("chat.show_message",                    "302 404 302 404 404 302 404", lambda s: ask(message_id=s.message(s.cast.direct())), "between two"),
    row("chat.list_actions",                    "302 404 200 404 200 200 404", lambda s: ask(message_id=s.message())),
    row("chat.list_actions",                    "302 404 200 404 404 200 404", lambda s: ask(message_id=s.message(s.cast.direct())), "between two"),
    row("chat.create_message",                  "401 404 303 404 303 303 404", lambda s: ask(_reply(), room_id=s.cast.room)),
    row("chat.create_message",                  "401 404 303 404 404 303 404", lambda s: ask(_reply(), room_id=s.cast.direct()), "between two"),
    row("chat.create_message",                  "401 404 403 404 303 403 404", lambda s: ask(_reply(), room_id=s.locked_room()), "in a locked room"),
    row("chat.create_chat_reading",             "401 404 303 404 303 303 404", lambda s: ask({"message": s.message()}, room_id=s.cast.room)),
    row("chat.update_draft",                    "401 404 200 404 200 200 404", lambda s: ask({"text": "Ich wollte"}, room_id=s.cast.room)),
    row("chat.edit_message",                    "302 404 200 404 403 403 404", lambda s: ask(message_id=s.message())),
    row("chat.edit_message",                    "302 404 403 404 403 403 404", lambda s: ask(message_id=s.withdrawn_message()), "that was withdrawn"),
    row("chat.update_message",                  "401 404 303 404 403 403 404", lambda s: ask({"text": "Neue Worte", "version": "0"}, message_id=s.message())),
    row("chat.create_withdrawal",               "401 404 303 404 403 403 404", lambda s: ask(message_id=s.message())),
    row("chat.new_removal",                     "302 404 403 404 200 403 404", lambda s: ask(message_id=s.message())),
    row("chat.new_removal",                     "302 404 403 404 403 403 404", lambda s: ask(message_id=s.message(s.cast.group())), "in a group"),
    row("chat.create_removal",                  "401 404 403 404 303 403 404", lambda s: ask({"reason": "Nennt Zahlen"}, message_id=s.message())),
    row("chat.create_removal",                  "401 404 403 404 403 403 404", lambda s: ask({"reason": "Nennt Zahlen"}, message_id=s.message(s.cast.group())), "in a group"),
    row("chat.create_pin",                      "401 404 403 404 303 403 404", lambda s: ask(message_id=s.message())),
    row("chat.delete_pin",                      "401 404 403 404 303 403 404", lambda s: ask(message_id=s.message())),
    row("chat.create_pin",                      "401 404 303 404 303 303 404", lambda s: ask(message_id=s.message(s.cast.group())), "in a group"),
    row("chat.create_reaction",                 "401 404 303 404 303 303 404", lambda s: ask({"kind": "thanks"}, message_id=s.message())),
    row("chat.create_reaction",                 "401 404 403 404 403 403 404", lambda s: ask({"kind": "thanks"}, message_id=s.withdrawn_message()), "to what was withdrawn"),
    row("chat.delete_reaction",                 "401 404 303 404 303 303 404", lambda s: ask({"kind": "thanks"}, message_id=s.message())),
    # Private rooms. A conversation of Petra and Sabine: whoever moderates or administers is a stranger there.
    row("workflows.new_transcript",             "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.room, messages=s.message())),
    row("workflows.new_transcript",             "302 404 200 404 404 200 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("workflows.create_transcript",          "401 404 303 404 303 303 404", lambda s: ask(_transcript(s), room_id=s.cast.room)),
    row("workflows.create_transcript",          "401 404 404 404 404 404 404", lambda s: ask(_transcript(s) | {"board_id": s.cast.foreign_board}, room_id=s.cast.room), "on a foreign board"),
    row("chat.edit_room",                       "302 404 200 404 404 200 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("chat.update_room",                     "401 404 303 404 404 303 404", lambda s: ask({"retention_days": "90"}, room_id=s.cast.direct()), "of two"),
    row("chat.create_lock",                     "401 404 403 404 404 403 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("chat.create_archive",                  "401 404 403 404 404 403 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("chat.create_mute",                     "401 404 303 404 404 303 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("chat.list_participants",               "302 404 200 404 404 200 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("chat.new_silence",                     "302 404 403 404 404 403 404", lambda s: ask(room_id=s.cast.direct(), member_id=s.cast.sabine.id), "of two"),
    row("chat.show_search",                     "302 404 200 404 404 200 404", lambda s: ask(room_id=s.cast.direct(), q="morgen"), "of two"),
    row("chat.list_pinned",                     "302 404 200 404 404 200 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("chat.new_export",                      "302 404 200 404 404 200 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    row("chat.show_export",                     "302 404 200 404 404 200 404", lambda s: ask(room_id=s.cast.direct()), "of two"),
    # A group that Petra keeps, with Sabine and Manfred.
    row("chat.edit_room",                       "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.group()), "of a group"),
    row("chat.update_room",                     "401 404 303 404 303 303 404", lambda s: ask({"name": "Neu", "retention_days": "0"}, room_id=s.cast.group()), "of a group"),
    row("chat.list_participants",               "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.group()), "of a group"),
    row("chat.new_participant",                 "302 404 200 404 200 200 404", lambda s: ask(room_id=s.cast.group())),
    row("chat.new_participant",                 "302 404 403 404 403 403 404", lambda s: ask(room_id=s.cast.room), "in a room of a space"),
    row("chat.create_participant",              "401 404 303 404 303 303 404", lambda s: ask({"member_ids": s.newcomer()}, room_id=s.cast.group())),
    row("chat.create_participant",              "401 404 403 404 404 403 404", lambda s: ask({"member_ids": s.newcomer()}, room_id=s.cast.direct()), "of a conversation of two"),
    row("chat.delete_participant",              "401 404 303 404 403 303 404", lambda s: ask(room_id=s.cast.group(), member_id=s.cast.sabine.id)),
    row("chat.delete_own_seat",                 "401 404 303 404 303 303 404", lambda s: ask(room_id=s.cast.group())),
    row("chat.delete_own_seat",                 "401 404 403 404 403 403 404", lambda s: ask(room_id=s.cast.room), "of a room of a space"),
    # Spaces: profile, members, sites, councils, mandates, record
    row("spaces.list_spaces",                   "302 404 404 404 404 404 200"),
    row("spaces.edit_space",                    "302 404 404 404 200 404 200", lambda s: ask(space_id=s.here)),
    row("spaces.update_space",                  "401 404 404 404 303 404 303", lambda s: ask({"description": "Neu"}, space_id=s.here)),
    row("spaces.list_members",                  "302 404 200 404 200 200 200", lambda s: ask(space_id=s.here)),
    row("spaces.new_membership",                "302 404 404 404 404 404 200", lambda s: ask(space_id=s.here)),
    row("spaces.create_membership",             "401 404 404 404 404 404 303", lambda s: ask({"member_id": s.stranger(), "role": "member"}, space_id=s.here)),
    row("spaces.edit_membership",               "302 404 404 404 200 404 200", lambda s: ask(space_id=s.here, member_id=s.newcomer())),
    row("spaces.edit_membership",               "302 404 200 404 200 200 404", lambda s: ask(space_id=s.here, member_id=s.me.id), "one's own"),
    row("spaces.update_membership",             "401 404 404 404 303 404 303", lambda s: ask({"role": "expert"}, space_id=s.here, member_id=s.newcomer())),
    row("spaces.update_membership",             "401 404 404 404 403 404 303", lambda s: ask({"role": "moderator"}, space_id=s.here, member_id=s.newcomer()), "to a moderator"),
    row("spaces.update_membership",             "401 404 404 404 403 404 404", lambda s: ask({"role": "moderator"}, space_id=s.here, member_id=s.me.id) if s.who is not s.cast.manfred else ask({"role": "member"}, space_id=s.here, member_id=s.cast.sabine.id), "beyond one's powers"),
    row("spaces.delete_membership",             "401 404 404 404 303 404 303", lambda s: ask(space_id=s.here, member_id=s.newcomer())),
    row("spaces.delete_membership",             "401 404 303 404 422 303 404", lambda s: ask(space_id=s.here, member_id=s.me.id), "one's own"),
    row("spaces.list_sites",                    "302 404 200 404 200 200 200", lambda s: ask(space_id=s.here)),
    row("spaces.new_site",                      "302 404 404 404 200 404 200", lambda s: ask(space_id=s.here)),
    row("spaces.create_site",                   "401 404 404 404 303 404 303", lambda s: ask(_SITE | {"name": f"Werk {uuid4()}"}, space_id=s.here)),
    row("spaces.edit_site",                     "302 404 404 404 200 404 200", lambda s: ask(site_id=s.site())),
    row("spaces.update_site",                   "401 404 404 404 303 404 303", lambda s: ask(_SITE | {"name": f"Werk {uuid4()}"}, site_id=s.site())),
    row("spaces.show_council",                  "302 404 200 404 200 200 200", lambda s: ask(council_id=s.council())),
    row("spaces.new_mandate",                   "302 404 404 404 200 404 200", lambda s: ask(council_id=s.council())),
    row("spaces.create_mandate",                "401 404 404 404 303 404 303", lambda s: ask({"member_id": s.cast.petra.id, **_TERM}, council_id=s.council())),
    row("spaces.edit_mandate",                  "302 404 404 404 200 404 200", lambda s: ask(mandate_id=s.mandate())),
    row("spaces.update_mandate",                "401 404 404 404 303 404 303", lambda s: ask(_TERM, mandate_id=s.mandate())),
    row("spaces.delete_mandate",                "401 404 404 404 303 404 303", lambda s: ask(mandate_id=s.mandate())),
    row("spaces.list_entries",                  "302 404 404 404 200 404 200", lambda s: ask(space_id=s.here), "of a space"),
    row("spaces.list_entries",                  "302 404 404 404 404 404 200", case="of the house"),
    # Signing in and out
    row("accounts.new_session",                 "200 302 302 302 302 302 302"),
    row("accounts.create_session",              "303 303 303 303 303 303 303", lambda s: ask({"email": s.me.email, "password": PASSWORD})),
    row("accounts.create_session",              "422 422 422 422 422 422 422", lambda s: ask({"email": s.me.email, "password": "geraten und falsch"}), "with a wrong password"),
    row("accounts.new_second_step",             "302 302 302 302 302 302 302"),
    row("accounts.create_second_step",          "303 303 303 303 303 303 303", lambda s: ask({"code": "123456"}), "which nobody asked for"),
    row("accounts.create_passkey_challenge",    "200 200 200 200 200 200 200"),
    row("accounts.create_passkey_session",      "422 422 422 422 422 422 422", lambda s: ask({"credential": "{}"}), "with no passkey"),
    row("accounts.delete_session",              "303 303 303 303 303 303 303"),
    row("accounts.new_reset",                   "200 200 200 200 200 200 200"),
    row("accounts.create_reset",                "200 200 200 200 200 200 200", lambda s: ask({"email": s.me.email})),
    row("accounts.create_reset",                "200 200 200 200 200 200 200", lambda s: ask({"email": "niemand@betrieb.example"}), "for an address nobody has"),
    row("accounts.new_password",                "200 200 200 200 200 200 200", lambda s: ask(token=s.reset_token())),
    row("accounts.new_password",                "404 404 404 404 404 404 404", lambda s: ask(token="never-made"), "with a dead link"),
    row("accounts.create_password",             "303 303 303 303 303 303 303", lambda s: ask({"new_password": _ACCOUNT["new_password"]}, token=s.reset_token())),
    row("accounts.create_password",             "404 404 404 404 404 404 404", lambda s: ask({"new_password": _ACCOUNT["new_password"]}, token="never-made"), "with a dead link"),
    # One's own account
    row("accounts.edit_profile",                "302 200 200 200 200 200 200"),
    row("accounts.update_profile",              "401 303 303 303 303 303 303", lambda s: ask({"name": s.me.name, "bio": "Schichtführer", "locale": "de", "theme": "auto"})),
    row("accounts.update_picture",              "401 303 303 303 303 303 303", lambda s: ask({"picture": (io.BytesIO(picture()), "ich.png")})),
    row("accounts.delete_picture",              "401 303 303 303 303 303 303"),
    row("accounts.show_security",               "302 200 200 200 200 200 200"),
    row("accounts.delete_device",               "401 303 303 303 303 303 303", lambda s: ask(device_id=s.device_of(s.me)), "of one's own"),
    row("accounts.delete_device",               "401 404 303 404 404 404 404", lambda s: ask(device_id=s.device_of(s.cast.petra)), "of Petra's"),
    row("accounts.create_security_reading",     "401 303 303 303 303 303 303"),
    row("accounts.delete_devices",              "401 303 303 303 303 303 303"),
    row("accounts.edit_password",               "302 200 200 200 200 200 200"),
    row("accounts.update_password",             "401 303 303 303 303 303 303", lambda s: ask(_OWN | {"new_password": _ACCOUNT["new_password"]})),
    row("accounts.edit_address",                "302 200 200 200 200 200 200"),
    row("accounts.create_address_change",       "401 303 303 303 303 303 303", lambda s: ask(_OWN | {"email": "neue@betrieb.example"})),
    row("accounts.show_address_change",         "200 200 200 200 200 200 200", lambda s: ask(token=s.address_token())),
    row("accounts.show_address_change",         "404 404 404 404 404 404 404", lambda s: ask(token="never-made"), "with a dead link"),
    row("accounts.update_address",              "303 303 303 303 303 303 303", lambda s: ask(token=s.address_token())),
    row("accounts.update_address",              "404 404 404 404 404 404 404", lambda s: ask(token="never-made"), "with a dead link"),
    row("accounts.new_totp",                    "302 200 200 200 200 200 200"),
    row("accounts.create_totp",                 "401 303 303 303 303 303 303", lambda s: ask(_OWN)),
    row("accounts.show_totp",                   "302 200 200 200 200 200 200", lambda s: ask(after=s.waiting_totp())),
    row("accounts.show_totp",                   "302 404 404 404 404 404 404", case="when none was begun"),
    row("accounts.update_totp",                 "401 200 200 200 200 200 200", lambda s: ask({"code": s.waiting_totp()})),
    row("accounts.edit_totp",                   "302 200 200 200 200 200 200"),
    row("accounts.delete_totp",                 "401 303 303 303 303 303 303", lambda s: ask(_OWN)),
    row("accounts.new_recovery_codes",          "302 200 200 200 200 200 200"),
    row("accounts.create_recovery_codes",       "401 200 200 200 200 200 200", lambda s: ask(_OWN)),
    row("accounts.new_passkey",                 "302 200 200 200 200 200 200"),
    row("accounts.create_passkey_offer",        "401 200 200 200 200 200 200", lambda s: ask(_OWN)),
    row("accounts.create_passkey_offer",        "401 422 422 422 422 422 422", case="without the password"),
    row("accounts.create_passkey",              "401 422 422 422 422 422 422", lambda s: ask(_OWN | {"name": "Telefon", "credential": "{}"}), "with no passkey"),
    row("accounts.delete_passkey",              "401 303 303 303 303 303 303", lambda s: ask(passkey_id=s.passkey_of(s.me)), "of one's own"),
    row("accounts.delete_passkey",              "401 404 303 404 404 404 404", lambda s: ask(passkey_id=s.passkey_of(s.cast.petra)), "of Petra's"),
    # Inviting and joining. Rosa invites, but into her own region only: this one is not on her list.
    row("accounts.list_invitations",            "302 404 404 200 200 200 200"),
    row("accounts.new_invitation",              "302 404 404 200 200 200 200"),
    row("accounts.create_invitation",           "401 404 404 422 200 200 200", lambda s: ask(_invitation(s))),
    row("accounts.create_invitation",           "401 404 404 422 422 422 200", lambda s: ask(_invitation(s) | {"role": "moderator"}), "for a moderator"),
    row("accounts.create_invitation_code",      "401 404 404 404 200 200 200", lambda s: ask(invitation_id=s.invitation())),
    row("accounts.create_invitation_mail",      "401 404 404 404 303 303 303", lambda s: ask(invitation_id=s.invitation())),
    row("accounts.delete_invitation",           "401 404 404 404 303 303 303", lambda s: ask(invitation_id=s.invitation())),
    row("accounts.new_code_entry",              "200 200 200 200 200 200 200"),
    row("accounts.create_code_entry",           "303 303 303 303 303 303 303", lambda s: ask({"code": s.code()})),
    row("accounts.show_invitation",             "200 200 200 200 200 200 200", lambda s: ask(code=s.code())),
    row("accounts.show_invitation",             "404 404 404 404 404 404 404", lambda s: ask(code="AAAA-AAAA-AAAA-AAAA"), "that nobody wrote"),
    row("accounts.create_member",               "303 303 303 303 303 303 303", lambda s: ask(_ACCOUNT | {"email": f"{uuid4()}@betrieb.example"}, code=s.code())),
    row("accounts.create_member",               "404 404 404 404 404 404 404", lambda s: ask(_ACCOUNT | {"email": f"{uuid4()}@betrieb.example"}, code="AAAA-AAAA-AAAA-AAAA"), "that nobody invited"),
    row("accounts.create_address_proof",        "422 422 422 422 422 422 422", lambda s: ask({"email": "gast@betrieb.example"}, code=s.code()), "without SMTP"),
    row("accounts.create_membership",           "401 303 303 303 303 303 303", lambda s: ask(code=s.code())),
    row("accounts.new_administrator",           "200 200 200 200 200 200 200", lambda s: ask(code=s.setup_code())),
    row("accounts.new_administrator",           "404 404 404 404 404 404 404", lambda s: ask(code=s.code()), "with an ordinary invitation"),
    row("accounts.create_administrator",        "303 303 303 303 303 303 303", lambda s: ask(_ACCOUNT | {"email": f"{uuid4()}@betrieb.example"}, code=s.setup_code())),
    row("accounts.create_administrator",        "404 404 404 404 404 404 404", lambda s: ask(_ACCOUNT | {"email": f"{uuid4()}@betrieb.example"}, code=s.code()), "with an ordinary invitation"),
    # Administration
    row("accounts.list_members",                "302 404 404 404 404 404 200"),
    row("accounts.create_suspension",           "401 404 404 404 404 404 303", lambda s: ask(member_id=s.newcomer())),
    row("accounts.delete_suspension",           "401 404 404 404 404 404 303", lambda s: ask(member_id=s.suspended())),
    row("accounts.create_appointment",          "401 404 404 404 404 404 303", lambda s: ask(member_id=s.newcomer())),
    row("accounts.delete_appointment",          "401 404 404 404 404 404 303", lambda s: ask(member_id=s.administrator())),
    row("accounts.delete_second_factor",        "401 404 404 404 404 404 303", lambda s: ask(member_id=s.newcomer())),
    # Announcements, Sabine's
    row("announcements.list_announcements",     "302 200 200 200 200 200 200"),
    row("announcements.show_waiting",           "302 200 200 200 200 200 200"),
    row("announcements.show_announcement",      "302 404 200 404 200 200 404", lambda s: ask(announcement_id=s.announcement())),
    row("announcements.show_announcement",      "302 404 404 404 404 200 404", lambda s: ask(announcement_id=s.draft_announcement()), "not yet published"),
    row("announcements.show_announcement",      "302 404 404 404 404 200 404", lambda s: ask(announcement_id=s.withdrawn_announcement()), "withdrawn"),
    row("announcements.list_editions",          "302 404 200 404 200 200 404", lambda s: ask(announcement_id=s.announcement())),
    row("announcements.create_notice",          "401 404 303 404 303 403 404", lambda s: ask({"edition": "1"}, announcement_id=s.announcement())),
    row("announcements.create_dismissal",       "401 404 303 404 303 303 404", lambda s: ask(announcement_id=s.unasked_announcement())),
    row("announcements.create_dismissal",       "401 404 403 404 403 303 404", lambda s: ask(announcement_id=s.announcement()), "where notice is asked"),
    row("announcements.new_announcement",       "302 404 404 200 200 200 404"),
    row("announcements.create_announcement",    "401 404 404 422 303 303 404", lambda s: ask(_announcement(s))),
    row("announcements.show_reach",             "302 404 404 200 200 200 404"),
    row("announcements.edit_announcement",      "302 404 404 404 404 200 404", lambda s: ask(announcement_id=s.announcement())),
    row("announcements.update_announcement",    "401 404 404 404 404 303 404", lambda s: ask(_announcement(s) | {"edition": "1"}, announcement_id=s.unasked_announcement())),
    row("announcements.update_announcement",    "401 404 404 404 404 303 404", lambda s: ask(_announcement(s) | {"edition": "1"}, announcement_id=s.draft_announcement()), "not yet published"),
    row("announcements.create_publication",     "401 404 404 404 404 303 404", lambda s: ask(announcement_id=s.draft_announcement())),
    row("announcements.create_withdrawal",      "401 404 404 404 404 303 404", lambda s: ask(announcement_id=s.announcement())),
    row("announcements.delete_withdrawal",      "401 404 404 404 404 303 404", lambda s: ask(announcement_id=s.withdrawn_announcement())),
    row("announcements.delete_announcement",    "401 404 404 404 404 303 404", lambda s: ask(announcement_id=s.draft_announcement())),
    row("announcements.delete_announcement",    "401 404 404 404 404 409 404", lambda s: ask(announcement_id=s.announcement()), "published"),
    row("announcements.show_standing",          "302 404 404 404 404 200 404", lambda s: ask(announcement_id=s.announcement())),
    row("announcements.show_standing_table",    "302 404 404 404 404 200 404", lambda s: ask(announcement_id=s.announcement())),
    row("announcements.create_nudge",           "401 404 404 404 404 303 404", lambda s: ask(announcement_id=s.announcement())),
    row("announcements.create_certificate",     "401 404 404 404 404 200 404", lambda s: ask(announcement_id=s.announcement())),
    row("announcements.new_check",              "302 200 200 200 200 200 200"),
    row("announcements.create_check",           "401 200 200 200 200 200 200", lambda s: ask({"digest": "0" * 64})),
    row("workflows.new_announcement_topic",     "302 404 200 404 200 200 404", lambda s: ask(announcement_id=s.announcement(), space_id=s.here)),
    row("workflows.create_announcement_topic",  "401 404 303 404 303 303 404", lambda s: ask(_comment(s), announcement_id=s.announcement(), space_id=s.here)),
    row("accounts.list_mails",                  "302 404 404 404 404 404 200"),
    row("accounts.list_incoming_mails",         "302 404 404 404 404 404 200"),
    row("accounts.show_mail",                   "302 404 404 404 404 404 200", lambda s: ask(name=s.letter())),
    row("accounts.create_mail_attempt",         "401 404 404 404 404 404 303", lambda s: ask(mail_id=s.unsent_mail())),
    row("accounts.list_jobs",                   "302 404 404 404 404 404 200"),
    row("accounts.create_job_attempt",          "401 404 404 404 404 404 303", lambda s: ask(job_id=s.given_up_job())),
    row("accounts.delete_job",                  "401 404 404 404 404 404 303", lambda s: ask(job_id=s.given_up_job())),
    row("accounts.show_arrival",                "302 404 404 404 404 404 200"),
    row("accounts.create_arrival_check",        "401 404 404 404 404 404 200", lambda s: ask(after=s.without_dns())),
    row("accounts.create_probe",                "401 404 404 404 404 404 303"),
    # The bell, what is chosen about being told, stopping mails
    row("notifications.list_notices",           "302 200 200 200 200 200 200"),
    row("notifications.create_reading",         "401 303 303 303 303 303 303", lambda s: ask({"until": write_cursor(now())})),
    row("notifications.create_notice_reading",  "401 303 303 303 303 303 303", lambda s: ask(notice_id=s.notice_of(s.me)), "of one's own"),
    row("notifications.create_notice_reading",  "401 404 303 404 404 404 404", lambda s: ask(notice_id=s.notice_of(s.cast.petra)), "of Petra's"),
    row("notifications.delete_notice_reading",  "401 404 303 404 404 404 404", lambda s: ask(notice_id=s.notice_of(s.cast.petra)), "of Petra's"),
    row("notifications.create_muting",          "401 404 303 404 404 404 404", lambda s: ask(notice_id=s.notice_of(s.cast.petra)), "of Petra's"),
    row("notifications.create_muting",          "401 404 303 404 303 303 404", lambda s: ask(notice_id=s.notice_of(s.me)), "of one's own, about a topic here"),
    row("notifications.delete_muting",          "401 404 303 404 404 404 404", lambda s: ask(notice_id=s.notice_of(s.cast.petra)), "of Petra's"),
    row("notifications.edit_preferences",       "302 200 200 200 200 200 200"),
    row("notifications.update_preferences",     "401 303 303 303 303 303 303", lambda s: ask({"rhythm": "daily", "hour": "6", "weekday": "0"})),
    row("notifications.update_preferences",     "401 422 422 422 422 422 422", lambda s: ask({"rhythm": "hourly", "hour": "6", "weekday": "0"}), "with a rhythm that is none"),
    row("notifications.show_day",               "302 200 200 200 200 200 200", lambda s: ask(rhythm="weekly", hour=6, weekday=2)),
    row("notifications.update_watch",           "401 404 303 404 303 303 404", lambda s: ask({"subject": "topic", "subject_id": s.topic(), "level": "all"})),
    row("notifications.update_space_watch",     "401 404 303 404 303 303 404", lambda s: ask({"level": "muted"}, space_id=s.here)),
    row("notifications.create_test_mail",       "401 303 303 303 303 303 303"),
    row("notifications.create_arrival",         "401 303 303 303 303 303 303"),
    row("notifications.delete_links",           "401 303 303 303 303 303 303"),
    row("notifications.create_push_device",     "401 200 200 200 200 200 200", lambda s: ask(s.push_keys())),
    row("notifications.create_push_device",     "401 422 422 422 422 422 422", lambda s: ask(s.push_keys() | {"endpoint": "https://10.0.0.1/x"}), "inside the house"),
    row("notifications.delete_push_endpoint",   "401 200 200 200 200 200 200", lambda s: ask({"endpoint": "https://push.example.org/x"})),
    row("notifications.delete_push_device",     "401 303 303 303 303 303 303", lambda s: ask(push_device_id=s.push_device_of(s.me)), "of one's own"),
    row("notifications.delete_push_device",     "401 404 303 404 404 404 404", lambda s: ask(push_device_id=s.push_device_of(s.cast.petra)), "of Petra's"),
    row("notifications.create_push_probe",      "401 303 303 303 303 303 303", lambda s: ask(after=s.push_device_of(s.me))),
    row("notifications.create_push_probe",      "401 403 403 403 403 403 403", case="without a browser that takes them"),
    row("notifications.show_manifest",          "200 200 200 200 200 200 200"),
    row("notifications.show_worker",            "200 200 200 200 200 200 200"),
    row("notifications.show_offline",           "200 200 200 200 200 200 200"),
    row("notifications.show_stop",              "200 200 200 200 200 200 200", lambda s: ask(ticket=s.stop_ticket())),
    row("notifications.show_stop",              "404 404 404 404 404 404 404", lambda s: ask(ticket="nonsense"), "with a ticket that is none"),
    row("notifications.create_stop",            "200 200 200 200 200 200 200", lambda s: ask({"List-Unsubscribe": "One-Click"}, ticket=s.stop_ticket())),
    row("notifications.create_stop",            "404 404 404 404 404 404 404", lambda s: ask(ticket="nonsense"), "with a ticket that is none"),
    row("notifications.delete_stop",            "303 303 303 303 303 303 303", lambda s: ask({"what": s.stop_ticket()}, ticket=s.stop_ticket())),
)  # fmt: skip
