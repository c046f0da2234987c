"""What the authorization matrix asks of the house: subjects of every kind, fresh for each cell.

Every thing is made here, in Finsterwalde: Petra writes, Manfred moderates. Who is asking is `scene.who`.
"""

import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pyotp
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from forum.accounts.models import Credential, Device, Invitation, Passkey, TokenKind
from forum.accounts.service import invitations, passwords, second_factor, tokens
from forum.accounts.service.devices import open_device
from forum.accounts.views.mails import NAMES
from forum.announcements.service import announcements
from forum.attachments.models import Attachment
from forum.boards.models import Post
from forum.boards.service import boards, posts, topics
from forum.chat.service import messages, rooms
from forum.companies.models import Site
from forum.companies.service import SiteFacts
from forum.core.access import Role
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.councils.models import Council, Function
from forum.councils.service import Term
from forum.documents.models import Period
from forum.documents.service import documents, folders, reservations, versions
from forum.files.kinds import FileKind
from forum.files.models import File, Progress
from forum.files.service import uploads
from forum.jobs.models import Job
from forum.jobs.service import enqueue
from forum.mail.delivery import postman_of
from forum.mail.models import OutgoingMail
from forum.mail.service import send
from forum.members.models import Member
from forum.members.service import add_member, change_picture
from forum.notifications.models import Kind, Notice
from forum.notifications.service import notices, preferences, pushes
from forum.spaces import service as spaces
from forum.web.tickets import STOP_MAILS, write_ticket
from tests.announcements.house import announce, draft
from tests.cast import HERE, Cast, Person
from tests.make.sent import sent_file
from tests.notifications.push_service import Browser, text_of

PASSWORD = "vier blaue Elefanten"
A_DAY = timedelta(days=1)
_numbers = count(1)


def picture() -> bytes:
    """A small picture file."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True)
class Ask:
    """One request: the values of the address, and the fields if something is sent."""

    values: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)


def ask(fields: dict[str, Any] | None = None, after: object = None, **values: Any) -> Ask:
    """A request; `after` names what had to be made before, where the address does not."""
    return Ask(values, fields or {})


class NoNames:
    """A DNS without records."""

    def ask(self, name: str, kind: str) -> list[str]:
        return []


@dataclass
class Scene:
    """The cast, who is asking, and builders; use inside an application context."""

    app: Flask
    cast: Cast
    who: Person | None = None

    @property
    def here(self) -> int:
        return self.cast.spaces[HERE]

    @property
    def me(self) -> Person:
        """Who is asking; for a visitor, to have an address at all, Petra."""
        return self.who or self.cast.petra

    # People

    def newcomer(self, role: Role = Role.MEMBER) -> int:
        """The id of a member here whom nobody else depends on."""
        with unit_of_work():
            member = add_member("Nils Neumann", f"neu{next(_numbers)}@betrieb.example")
            spaces.join(member.id, self.here, role)
        return member.id

    def stranger(self) -> int:
        """The id of a member of the network who belongs to no region."""
        with unit_of_work():
            member = add_member("Uwe Unbekannt", f"fremd{next(_numbers)}@betrieb.example")
            spaces.join(member.id, self.cast.spaces["NET"], Role.MEMBER)
        return member.id

    def suspended(self) -> int:
        member_id = self.newcomer()
        with unit_of_work():
            db.session.get_one(Member, member_id).standing = "suspended"
        return member_id

    def administrator(self) -> int:
        """The id of a second administrator."""
        member_id = self.newcomer()
        with unit_of_work():
            db.session.get_one(Member, member_id).is_administrator = True
        return member_id

    def picture_of_petra(self) -> str:
        """The version of Petra's picture."""
        with unit_of_work():
            change_picture(self.cast.petra.viewer, picture())
        version = db.session.scalar(sa.select(Member.picture_version).where(Member.id == self.cast.petra.id))
        assert version is not None
        return version

    def give_passwords(self) -> None:
        """Everybody may sign in with `PASSWORD`."""
        with unit_of_work():
            for person in (value for value in vars(self.cast).values() if isinstance(value, Person)):
                passwords.set_password(person.id, PASSWORD)

    # Boards

    def board(self) -> int:
        with unit_of_work():
            return boards.add_board(self.here, f"Forum {next(_numbers)}").id

    def topic(self) -> int:
        return self.cast.topic()

    def closed_topic(self) -> int:
        topic_id = self.cast.topic()
        with unit_of_work():
            topics.close_topic(self.cast.manfred.viewer, topic_id)
        return topic_id

    def post(self) -> int:
        return self.cast.post(self.cast.petra, self.cast.topic())

    def edited_post(self) -> int:
        post_id = self.post()
        with unit_of_work():
            posts.edit_post(self.cast.petra.viewer, post_id, "Neue Worte", 0)
        return post_id

    def hidden_post(self) -> int:
        return self.cast.hidden_post(self.cast.topic())

    def edited_hidden_post(self) -> int:
        post_id = self.edited_post()
        with unit_of_work():
            posts.hide_post(self.cast.manfred.viewer, post_id, "Nennt Zahlen")
        return post_id

    def withdrawn_post(self) -> int:
        post_id = self.post()
        with unit_of_work():
            posts.withdraw_post(self.cast.petra.viewer, post_id)
        return post_id

    def topic_of(self, post_id: int) -> int:
        topic_id = db.session.scalar(sa.select(Post.topic_id).where(Post.id == post_id))
        assert topic_id is not None
        return topic_id

    # The library

    def folder(self) -> int:
        """The id of an empty folder of Petra's."""
        with unit_of_work():
            return folders.create_folder(
                self.cast.petra.viewer, self.here, None, f"Ordner {next(_numbers)}"
            ).id

    def filled_folder(self) -> int:
        """The id of a folder of Petra's with one document in it."""
        folder_id, document_id = self.folder(), self.document()
        with unit_of_work():
            documents.move_documents(self.cast.petra.viewer, [document_id], folder_id)
        return folder_id

    def document(self, file_id: int | None = None) -> int:
        """The id of a document of Petra's, with one version, of one page."""
        file_id = file_id or sent_file(self.cast.petra, "BV Pausen.pdf", uuid4().bytes)
        with unit_of_work():
            return documents.add_document(self.cast.petra.viewer, self.here, None, file_id).id

    def unshown_document(self) -> int:
        """The id of a document of Petra's whose preview could not be made."""
        return self.document(self.unshown_file())

    def document_of_two(self) -> int:
        """The id of a document of Petra's with two versions."""
        document_id, file_id = self.document(), sent_file(self.cast.petra, "Neu.pdf", uuid4().bytes)
        with unit_of_work():
            versions.add_version(self.cast.petra.viewer, document_id, file_id)
        return document_id

    def reserved_document(self) -> int:
        """The id of a document on which Petra works."""
        document_id = self.document()
        with unit_of_work():
            reservations.reserve(self.cast.petra.viewer, document_id, Period.WEEK)
        return document_id

    def binned_document(self) -> int:
        """The id of a document that Petra threw away."""
        document_id = self.document()
        with unit_of_work():
            documents.bin_documents(self.cast.petra.viewer, [document_id])
        return document_id

    def own_file(self) -> int:
        """The id of a file that whoever asks has sent, and that nothing owns yet."""
        return sent_file(self.me, "Anlage.pdf", uuid4().bytes)

    # Attached files

    def attachment(self) -> int:
        """The id of an attached picture on a post of Petra's."""
        topic_id, file_id = self.cast.topic(), self._picture_file()
        with unit_of_work():
            topics.reply(self.cast.petra.viewer, topic_id, "Anbei", uuid4(), [file_id])
        return self._hanging(file_id).id

    def attachment_of_hidden_post(self) -> int:
        attachment_id = self.attachment()
        with unit_of_work():
            post_id = db.session.get_one(Attachment, attachment_id).subject_id
            posts.hide_post(self.cast.manfred.viewer, post_id, "Nennt Zahlen")
        return attachment_id

    def attachment_between_two(self) -> int:
        """The id of a picture that Petra sent to Sabine."""
        room_id, file_id = self.cast.direct(), self._picture_file()
        with unit_of_work():
            messages.send_message(self.cast.petra.viewer, room_id, "", uuid4(), file_ids=[file_id])
        return self._hanging(file_id).id

    def unchecked_attachment(self) -> int:
        """The id of an attachment that nobody has looked through yet."""
        return self._with_blob(self.attachment(), check=Progress.WAITING)

    def failed_preview(self) -> int:
        """The id of an attachment whose preview could not be made."""
        return self._with_blob(self.attachment(), preview=Progress.FAILED, preview_fault="timeout")

    def undiscussed_document(self) -> int:
        """The id of a document of Petra's here, without a topic."""
        file_id = sent_file(self.cast.petra, "BV Gleitzeit.pdf", uuid4().bytes)
        with unit_of_work():
            return documents.add_document(self.cast.petra.viewer, self.here, None, file_id).id

    def begun_upload(self) -> UUID:
        """The key of a file of Petra's of which nothing has arrived yet."""
        with unit_of_work():
            return uploads.begin_upload(self.cast.petra.viewer, uuid4(), "Halb.pdf", 5).key

    def asking_file(self) -> int:
        """The id of a file of Petra's that tells about its makers."""
        traces: dict[str, object] = {"authors": ["Petra Sommer"]}
        return sent_file(self.cast.petra, "Plan.docx", uuid4().bytes, FileKind.DOCX, findings=traces)

    def unshown_file(self) -> int:
        """The id of a file of Petra's whose preview could not be made."""
        return self._file_with(preview=Progress.FAILED, preview_fault="timeout")

    def _file_with(self, **facts: Any) -> int:
        file_id = sent_file(self.cast.petra, "Plan.docx", uuid4().bytes, FileKind.DOCX)
        with unit_of_work():
            blob = db.session.get_one(File, file_id).blob
            assert blob is not None
            for name, value in facts.items():
                setattr(blob, name, value)
        return file_id

    def _picture_file(self) -> int:
        return sent_file(self.cast.petra, "Halle.png", uuid4().bytes, FileKind.PNG)

    def _hanging(self, file_id: int) -> Attachment:
        return db.session.scalars(sa.select(Attachment).where(Attachment.file_id == file_id)).one()

    def _with_blob(self, attachment_id: int, **facts: Any) -> int:
        with unit_of_work():
            blob = db.session.get_one(Attachment, attachment_id).file.blob
            assert blob is not None
            for name, value in facts.items():
                setattr(blob, name, value)
        return attachment_id

    # Chat

    def room(self) -> int:
        """A room of its own: what is locked in one row is open in the next."""
        with unit_of_work():
            return rooms.open_room(self.cast.manfred.viewer, self.here, f"Raum {next(_numbers)}").id

    def message(self, room_id: int | None = None) -> int:
        """The id of a message by Petra, here if no room is named."""
        return self.cast.message(self.cast.petra, room_id)

    def withdrawn_message(self) -> int:
        message_id = self.message()
        with unit_of_work():
            messages.withdraw_message(self.cast.petra.viewer, message_id)
        return message_id

    def locked_room(self) -> int:
        room_id = self.room()
        with unit_of_work():
            return rooms.lock_room(self.cast.manfred.viewer, room_id).id

    # Sites and councils

    def site(self) -> int:
        facts = SiteFacts("Elsterblech GmbH", f"Werk {next(_numbers)}", "Finsterwalde")
        with unit_of_work():
            return spaces.create_site(self.cast.manfred.viewer, self.here, facts).id

    def council(self) -> int:
        council_id = db.session.scalar(sa.select(Council.id).where(Council.site_id == self.site()))
        assert council_id is not None
        return council_id

    def mandate(self) -> int:
        council_id = self.council()
        with unit_of_work():
            return spaces.create_mandate(
                self.cast.manfred.viewer,
                council_id,
                self.cast.petra.id,
                Term(Function.CHAIR, date(2026, 4, 15)),
            ).id

    def company(self) -> str:
        """The name of a company that is known."""
        self.site()
        name = db.session.scalars(sa.select(Site)).first()
        assert name is not None
        return "Elsterblech GmbH"

    # Accounts

    def invitation(self) -> int:
        """The id of an open invitation into this region, with an address."""
        return self._invite().invitation.id

    def code(self) -> str:
        """The code of an open invitation into this region."""
        return self._invite().code

    def setup_code(self) -> str:
        """A code as `make run` prints it on a house that has no administrator yet."""
        with unit_of_work():
            code = invitations.new_code()
            db.session.add(
                Invitation(
                    code_hash=invitations.hash_of(code),
                    is_administrator=True,
                    space_id=self.cast.spaces["NET"],
                    created_at=now(),
                    expires_at=now() + A_DAY,
                )
            )
        return code

    def reset_token(self) -> str:
        member_id = self.newcomer()
        with unit_of_work():
            return tokens.issue(TokenKind.RESET, "neu@betrieb.example", A_DAY, member_id=member_id)

    def address_token(self) -> str:
        member_id = self.newcomer()
        address = f"anders{next(_numbers)}@betrieb.example"
        with unit_of_work():
            return tokens.issue(TokenKind.ADDRESS, address, A_DAY, member_id=member_id)

    def device_of(self, person: Person) -> int:
        with unit_of_work():
            open_device(person.id, "Firefox/130.0 (Android)", A_DAY)
        device_id = db.session.scalar(sa.select(sa.func.max(Device.id)).where(Device.member_id == person.id))
        assert device_id is not None
        return device_id

    def push_keys(self) -> dict[str, object]:
        """What a browser that nobody knows says of itself."""
        browser = Browser(f"https://push.example.org/{next(_numbers)}")
        return {
            "endpoint": browser.endpoint,
            "public_key": browser.public_key,
            "secret": text_of(browser.secret),
        }

    def push_device_of(self, person: Person) -> int:
        device_id, keys = self.device_of(person), self.push_keys()
        with unit_of_work():
            pushes.register(person.viewer, device_id, **{name: str(value) for name, value in keys.items()})
        return pushes.devices_of(person.viewer)[0].id

    def passkey_of(self, person: Person) -> int:
        with unit_of_work():
            passkey = Passkey(
                member_id=person.id,
                name="Telefon",
                credential_id=uuid4().bytes,
                public_key=b"key",
                created_at=now(),
            )
            db.session.add(passkey)
            db.session.flush()
        return passkey.id

    def waiting_totp(self) -> str:
        """A secret that waits to be confirmed by whoever asks; a code of it that is right now."""
        with unit_of_work():
            credential = db.session.get_one(Credential, self.me.id)
            credential.totp_secret = credential.totp_confirmed_at = credential.totp_last_step = None
        with unit_of_work():
            second_factor.start_totp(self.me.viewer, PASSWORD)
            secret = second_factor.waiting_secret(self.me.viewer)
        return pyotp.TOTP(secret).now()

    def notice_of(self, person: Person) -> int:
        """The id of a line under the person's bell, about a topic of Petra's."""
        topic_id, told = self.topic(), sa.select(Member.id).where(Member.id == person.id)
        with unit_of_work():
            notices.notify(Kind.ANSWER, "topic", topic_id, 1, told)
        notice_id = db.session.scalar(sa.select(sa.func.max(Notice.id)).where(Notice.member_id == person.id))
        assert notice_id is not None
        return notice_id

    def stop_ticket(self) -> str:
        """What stands in the link that stops Petra's mails."""
        with unit_of_work():
            preferences.preferences_of(self.cast.petra.viewer)  # as whoever was mailed has
        return write_ticket(STOP_MAILS, self.cast.petra.id, 0, "", 0, ends=now() + A_DAY)

    def unsent_mail(self) -> int:
        with unit_of_work():
            send("niemand@betrieb.example", "Nachricht aus dem Netzwerk", "Guten Tag")
        mail_id = db.session.scalar(sa.select(sa.func.max(OutgoingMail.id)))
        assert mail_id is not None
        return mail_id

    def given_up_job(self) -> int:
        with unit_of_work():
            enqueue("boards.tell", post_id=0)
            job_id = db.session.scalar(sa.select(sa.func.max(Job.id)))
            db.session.execute(
                sa.update(Job).where(Job.id == job_id).values(due_at=None, last_error="OSError")
            )
        assert job_id is not None
        return job_id

    def without_dns(self) -> object:
        """Nobody answers what the DNS is asked."""
        return self.app.extensions.setdefault(NAMES, NoNames())

    def announcement(self, **changes: Any) -> int:
        """The id of an announcement of Sabine's to everybody here, of which notice is asked."""
        return announce(self.cast, takes_comments=True, **changes)

    def unasked_announcement(self) -> int:
        return self.announcement(confirm_by=None)

    def withdrawn_announcement(self) -> int:
        announcement_id = self.announcement()
        with unit_of_work():
            announcements.withdraw(self.cast.sabine.viewer, announcement_id)
        return announcement_id

    def draft_announcement(self) -> int:
        return draft(self.cast)

    def letter(self) -> str:
        """The name of a mail in the outbox."""
        self.unsent_mail()
        db.session.rollback()
        postman = postman_of(self.app)
        postman.deliver_due()
        return postman.outbox.list_letters()[0].name

    def _invite(self) -> invitations.Issued:
        draft = invitations.Draft(self.here, Role.MEMBER, email="gast@betrieb.example")
        with unit_of_work():
            return invitations.invite(
                self.cast.manfred.viewer,
                draft,
                uuid4(),
                A_DAY,
                lambda code: f"https://netzwerk.example/join/{code}",
            )
