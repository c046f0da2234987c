// An open room, on its page or in the dock: brought up to date, read, written in. The parts have files of their own:
// messages.js (what is shown), outbox.js (what is not sent yet), say.js (the field), signs.js (who is here, writes, has read).

import { calmly, fetchPage, live } from "../realtime/live.js";
import { act } from "./actions.js";
import { Messages, excerptOf } from "./messages.js";
import { Outbox } from "./outbox.js";
import { watchReading } from "./reading.js";
import { Say } from "./say.js";
import { watchSigns } from "./signs.js";

const OUT_OF_ORDER = 250; // ms in which a change that was overtaken still comes by itself
const MISSED_AFTER = 1_500; // what was acknowledged is heard of within this time, or asked for
const QUICK = 200; // with a good line a message is there before it could be shown as on its way
const HEARD = 5; // messages kept for screen readers
const chat = live("/chat");
const me = document.documentElement.dataset.me;

/** Bring the room `root` to life, at the message `#m…` of `at` if it is there; `go(address)` leads elsewhere. `close` ends it. */
export function openRoom(root, { go, at }) {
  const id = Number(root.dataset.room);
  const here = `/chat/rooms/${id}`;
  const messages = new Messages(root);
  const heardLine = root.querySelector(".heard");
  const ending = new AbortController();
  const offs = [];
  const ahead = new Set();
  let known = Number(root.dataset.stamp); // every change up to this one is shown
  let missing = 0;
  let isAsking = false;
  let isGone = false;

  const room = { root, id, here, messages, go, signal: ending.signal, words: messages.words, show, change, catchUp };
  room.say = new Say(room, send);
  room.outbox = new Outbox({
    room: id,
    action: `${here}/messages`,
    token: root.dataset.token,
    changed: showUnsent,
    stored(_entry, answer) {
      if (answer.message.html !== undefined) change(answer);
      else setTimeout(() => messages.find(answer.message.id) ?? (messages.hasLater || catchUp()), MISSED_AFTER);
    },
    refused: (entry, message) => room.say.takeBack(entry, message),
  });
  const reading = watchReading(room);
  const signs = watchSigns(room);
  act(room);
  for (const message of messages.all) if (message.dataset.key) room.outbox.done(message.dataset.key);
  room.say.forget(room.outbox.entries);
  showUnsent();
  begin();

  // ---------- Up to date ----------

  offs.push(
    chat.ready(enter),
    chat.lost(() => root.classList.remove("is-live")),
    chat.on("changed", (data) => data.room === id && change(data)),
    chat.on("purged", (data) => data.room === id && messages.purge(data.before_id)),
    chat.on("room", (data) => data.room === id && renew()),
    chat.on("preferences", (chosen) => {
      room.say.choose(chosen);
      enter();
    }),
  );

  async function enter() {
    const answer = await chat.ask("open", { room: id }).catch(() => null); // the next connection asks again
    if (ending.signal.aborted || !answer) return;
    if (answer.error === "not_found") leave();
    else if (!answer.ok) setTimeout(() => chat.state === "open" && enter(), 4_000 * (1 + Math.random()));
    else {
      if (isGone) return location.reload(); // welcome again
      root.classList.add("is-live");
      signs.start(answer);
      if (answer.stamp !== known) catchUp();
    }
  }

  // A change carries the room's clock, which has no gaps.
  function change({ stamp, message }) {
    show(message, { isHeard: true });
    if (stamp <= known) return;
    ahead.add(stamp);
    while (ahead.delete(known + 1)) known += 1;
    if (ahead.size) awaitMissing();
  }

  function awaitMissing() {
    missing ||= setTimeout(() => ((missing = 0), ahead.size && catchUp()), OUT_OF_ORDER);
  }

  async function catchUp() {
    if (isAsking || ending.signal.aborted) return;
    isAsking = true;
    const answer = await chat.ask("catch_up", { room: id, since: known }).catch(() => null);
    isAsking = false;
    if (ending.signal.aborted || answer?.error === "not_found") return;
    if (!answer?.ok) {
      // Without connection the next one asks again; a server that had no time for it is asked again, too.
      setTimeout(() => chat.state === "open" && catchUp(), 4_000 * (1 + Math.random()));
      return;
    }
    if (answer.reload) {
      await room.say.keep();
      go(here);
      return;
    }
    for (const message of answer.messages) show(message, { isHeard: true });
    messages.purge(answer.first_id);
    known = Math.max(known, answer.stamp, ...answer.messages.map(({ stamp }) => stamp));
    for (const stamp of ahead) if (stamp <= known) ahead.delete(stamp);
    if (ahead.size) awaitMissing(); // it came while the answer was on its way
  }

  function show(data, { isHeard = false } = {}) {
    if (data.client_key && String(data.author.id) === me) {
      room.outbox.done(data.client_key);
      room.say.forgetFiles((data.files ?? []).map(({ file }) => file));
    }
    const wasAtFoot = messages.isAtFoot;
    const became = messages.put(data);
    if (became === "new" || became === "beyond") {
      if (isHeard) reading.arrived(data, wasAtFoot);
      if (became === "new" && isHeard && String(data.author.id) !== me && data.state === "visible") tell(data);
    }
    signs.shown(data);
    return became;
  }

  function tell({ author, html, files }) {
    const line = document.createElement("p");
    line.textContent = `${author.name}: ${excerptOf(html) || (files.length ? messages.words.file : "")}`;
    heardLine.append(line);
    while (heardLine.childElementCount > HEARD) heardLine.firstChild.remove();
  }

  // ---------- The room itself: name, lock, rights ----------

  const renew = calmly(renewRoom, { within: 3_000 });

  async function renewRoom() {
    const page = await fetchPage(here).catch(() => undefined);
    if (page === undefined || ending.signal.aborted) return;
    const next = page?.querySelector(".talk");
    if (!next) {
      leave();
      return;
    }
    const before = root.dataset.writes;
    for (const name of ["writes", "pins", "moderates"]) root.dataset[name] = next.dataset[name];
    const [head, nextHead] = [root.querySelector(".talk-head"), next.querySelector(".talk-head")];
    if (!head.querySelector("details[open]")) {
      const title = head.querySelector("#talk-title");
      const nextTitle = nextHead.querySelector("#talk-title");
      if (title.localName !== nextTitle.localName) nextTitle.outerHTML = nextTitle.outerHTML.replace(/^<h1|h1>$/g, (tag) => tag.replace("h1", title.localName));
      head.replaceWith(document.adoptNode(nextHead));
      signs.draw();
    }
    if (before === root.dataset.writes) return;
    await room.say.keep();
    go(here);
  }

  // Not for this reader any more. What was typed can still be copied.
  function leave() {
    if (isGone) return;
    isGone = true;
    root.classList.add("gone");
    const notice = root.querySelector(".no-access");
    notice.hidden = false;
    messages.list.replaceChildren(notice);
    for (const part of root.querySelectorAll(".talk-tools, .talk-head .meta, .send, .jump")) part.remove();
  }

  // ---------- What is not sent yet ----------

  function send(text, replyTo, files) {
    room.outbox.add(text, replyTo, files);
    messages.goToFoot();
    if (messages.hasLater) go(here); // the end of the room is on another page, and the outbox goes with us
  }

  function showUnsent() {
    const shown = new Map([...messages.unsent.children].map((row) => [row.dataset.key, row]));
    for (const entry of room.outbox.entries) {
      const age = Date.now() - entry.at;
      if (age < QUICK && !entry.problem && !shown.has(entry.key)) {
        setTimeout(showUnsent, QUICK - age);
        continue;
      }
      const row = shown.get(entry.key) ?? unsentRow(entry);
      shown.delete(entry.key);
      const state = entry.problem ? (entry.problem === "old" ? room.words.old : `${room.words.failed}: ${entry.problem}`) : room.words.sending;
      const line = row.querySelector(".state");
      if (line.textContent !== state) line.textContent = state;
      row.classList.toggle("failed", Boolean(entry.problem));
      row.querySelector(".again").hidden = !entry.problem;
      row.querySelector(".drop").hidden = !entry.problem && chat.state === "open";
      if (!row.isConnected) messages.hold(() => messages.unsent.append(row));
    }
    if (shown.size) messages.hold(() => shown.forEach((row) => row.remove()));
    signs.draw();
  }

  function unsentRow({ key, text, at, files = [] }) {
    const { name, initials, colour, picture } = root.dataset;
    const author = { id: me, name, initials, colour, picture };
    const row = messages.make({
      id: 0, stamp: 0, author, at: new Date(at).toISOString(), html: "", reply_to: null, state: "visible", pinned: false,
      edited_at: null, kept: null, reactions: {}, mentions: [], client_key: key,
      files: files.map(({ id, name, size }) => ({ id: 0, file: id, name, size, state: "checking" })),
    });
    row.removeAttribute("id");
    row.querySelector(".by").removeAttribute("id");
    row.removeAttribute("aria-labelledby");
    row.querySelector(".tools").remove();
    row.classList.add("pending");
    row.querySelector(".text").textContent = text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
    const line = messages.mould("unsent");
    line.querySelector(".again").addEventListener("click", () => room.outbox.again(key));
    line.querySelector(".drop").addEventListener("click", () => room.outbox.drop(key));
    row.querySelector(".speech").append(line);
    return row;
  }

  // ---------- Beginning and end ----------

  function begin() {
    const wanted = /^#m\d+$/.test(at) && messages.find(at.slice(2));
    const line = root.querySelector("#new");
    if (wanted) messages.show(wanted);
    else if (line && line.getBoundingClientRect().top < messages.log.getBoundingClientRect().top) messages.show(line, "start");
    reading.begin();
  }

  function close() {
    ending.abort();
    clearTimeout(missing);
    for (const off of offs) off();
    signs.stop();
    room.outbox.close();
    room.say.keep();
    if (chat.state === "open") chat.ask("close", { room: id }).catch(() => {});
  }
  return { close, messages, room };
}
