// The messages of an open room, in the order of their ids. What comes later is made from the moulds in the page, so that it
// is the same as what the server wrote (templates/chat/message.html); `html` comes clean from there and is all that goes in as HTML.

import { attached } from "./files.js";
import { clock, date, dayName, exact, iso } from "./times.js";

const TOGETHER = 5 * 60_000; // as TOGETHER in forum/chat/views/showing.py
const EXCERPT = 120; // as EXCERPT_LIMIT in forum/chat/queries/messages.py
const KEPT = 200; // more than come while a page is loaded
const KINDS = ["thanks", "agree", "helpful", "seen", "laugh"];
const ALL_BUT_TEXT = ".name, .at, .quoted, .attached a, .kept a, .reaction, .tools > a, .tools > details > summary, .text a";
const me = document.documentElement.dataset.me;

export class Messages {
  #moulds = {};
  #current = null; // the message that the Tab key stops at
  #beyond = []; // changes to messages that are not loaded

  constructor(root) {
    this.root = root;
    this.log = root.querySelector(".log");
    this.list = root.querySelector(".messages");
    this.words = root.querySelector(".moulds").dataset;
    this.hasLater = root.dataset.hasLater === "true";
    this.skew = Date.parse(root.dataset.now) - Date.now(); // this computer's clock may be wrong
    for (const mould of root.querySelectorAll("template[data-mould]"))
      this.#moulds[mould.dataset.mould] = mould.content.firstElementChild;
    this.unsent = document.createElement("div");
    this.unsent.className = "unsent-list";
    this.list.insertBefore(this.unsent, this.list.querySelector(":scope > .newer")); // without one, at the end
    for (const message of this.all) this.#setTab(message, false);
    this.#makeCurrent(this.last);
  }

  // ---------- What there is ----------

  get all() {
    return [...this.list.querySelectorAll(":scope > .message")];
  }

  get first() {
    return this.list.querySelector(":scope > .message");
  }

  get last() {
    return this.#before(this.unsent);
  }

  get lastId() {
    return idOf(this.last);
  }

  get firstId() {
    return idOf(this.first);
  }

  get now() {
    return new Date(Date.now() + this.skew);
  }

  find(id) {
    return this.list.querySelector(`:scope > #m${id}`);
  }

  findKey(key) {
    return this.list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`);
  }

  /** One's own last message that can be edited. */
  get lastOwn() {
    return this.root.dataset.writes === "true" ? this.all.findLast((message) => message.matches(".own")) : undefined;
  }

  // ---------- What comes ----------

  /** Show a message as it is now; "new" if it was not there. One beyond the loaded stretch is kept for later: "beyond". */
  put(data) {
    this.#requote(data);
    const old = this.find(data.id);
    if (old) {
      if (Number(old.dataset.stamp) >= data.stamp) return "known";
      this.#replace(old, data);
      return "changed";
    }
    if (data.id > this.lastId ? this.hasLater : this.first && data.id < this.firstId && this.hasEarlier) {
      this.#beyond.push(data);
      if (this.#beyond.length > KEPT) this.#beyond.shift();
      return "beyond";
    }
    const element = this.make(data);
    const next = this.all.find((message) => idOf(message) > data.id) ?? this.unsent;
    this.hold(() => {
      this.list.querySelector(":scope > .empty")?.remove();
      this.#place(element, next);
    });
    if (next === this.unsent && !this.log.contains(document.activeElement)) this.#makeCurrent(element);
    return "new";
  }

  /** A page of older or newer messages. */
  extend(rows, { earlier, later }) {
    this.hold(() => {
      for (const data of rows) {
        if (this.find(data.id)) continue;
        const next = this.all.find((message) => idOf(message) > data.id);
        this.#place(this.make(data), next ?? this.unsent);
      }
      if (earlier === false) this.list.querySelector(":scope > .older")?.remove();
      if (later === false) {
        this.hasLater = false;
        this.list.querySelector(":scope > .newer")?.remove();
      }
    }, earlier !== undefined);
    // What was heard while this page was on its way may be newer than the page.
    for (const data of this.#beyond.splice(0)) this.put(data);
  }

  /** Nothing older than this is left in the room. */
  purge(beforeId) {
    this.hold(() => {
      for (const message of this.all) if (idOf(message) < beforeId) this.#remove(message);
      for (const quote of this.list.querySelectorAll(".quoted[data-quoted]"))
        if (Number(quote.dataset.quoted) < beforeId) quote.remove();
    });
  }

  get hasEarlier() {
    return this.list.querySelector(":scope > .older") !== null;
  }

  /** Draw the line above which everything was seen; without a message there is none. */
  markNew(message) {
    this.hold(() => {
      const old = this.list.querySelector(":scope > .since");
      const below = old && this.#after(old);
      old?.remove();
      if (below) this.#arrange(below);
      if (!message) return;
      const line = this.mould("new");
      line.id = "new";
      message.before(line);
      this.#arrange(message);
    });
  }

  // ---------- Where the reader is ----------

  /** How far the end of the room is below what can be seen. */
  get belowSight() {
    return -this.log.scrollTop;
  }

  get isAtFoot() {
    return !this.hasLater && this.belowSight < 60;
  }

  goToFoot() {
    this.log.scrollTop = 0;
  }

  show(element, block = "center") {
    const [box, frame] = [element.getBoundingClientRect(), this.log.getBoundingClientRect()];
    const wanted = block === "start" ? frame.top + 16 : frame.top + Math.max((frame.height - box.height) / 2, 16);
    this.log.scrollTop += box.top - wanted;
  }

  /** The last message whose end is in sight. */
  get lastInSight() {
    const end = this.log.getBoundingClientRect().bottom + 8;
    return this.all.findLast((message) => message.getBoundingClientRect().bottom <= end);
  }

  /** Show a message, mark it for a moment and put the focus there. */
  point(element) {
    for (const found of this.list.querySelectorAll(".found")) found.classList.remove("found");
    this.show(element);
    element.classList.add("found");
    this.focus(element);
    setTimeout(() => element.classList.remove("found"), 3_000);
  }

  // ---------- Keys ----------

  focus(message) {
    this.#makeCurrent(message);
    message.focus({ preventScroll: true });
  }

  step(from, by) {
    const all = this.all;
    const next = all[all.indexOf(from) + by];
    if (!next) return;
    this.focus(next);
    next.scrollIntoView({ block: "nearest" });
  }

  #makeCurrent(message) {
    if (this.#current === message) return;
    if (this.#current) this.#setTab(this.#current, false);
    this.#current = message;
    if (message) this.#setTab(message, true);
  }

  #setTab(message, isStop) {
    message.tabIndex = isStop ? 0 : -1;
    for (const part of message.querySelectorAll(ALL_BUT_TEXT)) part.tabIndex = isStop ? 0 : -1;
  }

  // ---------- Making ----------

  mould(name) {
    return document.importNode(this.#moulds[name], true);
  }

  make(data) {
    const element = data.state === "visible" ? this.#message(data) : this.#trace(data);
    element.id = `m${data.id}`;
    const by = element.querySelector(".by");
    by.id = `by-${data.id}`;
    element.setAttribute("aria-labelledby", by.id);
    const at = new Date(data.at);
    Object.assign(element.dataset, { id: data.id, stamp: data.stamp, author: data.author.id, at: iso(at) });
    const link = element.querySelector(".at");
    link.href = `/chat/messages/${data.id}`;
    const time = link.querySelector("time");
    [time.dateTime, time.title, time.textContent] = [iso(at), exact(at), clock(at)];
    this.#setTab(element, false);
    return element;
  }

  #trace(data) {
    const element = this.mould("trace");
    element.querySelector(".words").textContent = this.words[data.state === "removed" ? "removed" : "withdrawn"]
      .replace("%(name)s", () => data.author.name)
      .replace("%(reason)s", () => data.reason);
    return element;
  }

  #message(data) {
    const element = this.mould("message");
    const part = (selector) => element.querySelector(selector);
    const isOwn = String(data.author.id) === me;
    const { writes } = this.root.dataset;
    if (isOwn) {
      element.classList.add("own");
      element.dataset.key = data.client_key;
    }
    if (data.mentions.some((id) => String(id) === me)) element.classList.add("named");
    this.#face(part(".face"), data.author);
    part(".name").href = `/members/${data.author.id}`;
    part(".name").textContent = data.author.name;
    if (data.reply_to) this.#quote(part(".quoted"), data.reply_to);
    else part(".quoted").remove();
    if (!data.pinned) part(".notes .is-pinned").remove();
    if (!data.edited_at) part(".notes .edited").remove();
    if (!part(".notes").childElementCount) part(".notes").remove();
    if (data.kept) {
      part(".kept a").href = data.kept.url;
      part(".kept-title").textContent = data.kept.title && `: ${data.kept.title}`;
    } else part(".kept").remove();
    this.#react(part(".reactions"), data.reactions, writes === "true");
    if (writes !== "true") part(".tools > .answer").remove();
    address(element, data.id);
    part(".text").innerHTML = data.html;
    if (data.files?.length) part(".text").after(attached(this.mould("files"), data.files, this.words, isOwn));
    return element;
  }

  #face(place, { picture, initials, colour }) {
    const face = picture ? this.mould("picture") : place.firstElementChild;
    if (picture) face.src = picture;
    else {
      face.dataset.colour = colour;
      face.textContent = initials;
    }
    place.replaceChildren(face);
  }

  #quote(place, { id, author, excerpt, has_files: hasFiles }) {
    place.href = `/chat/messages/${id}`;
    place.dataset.quoted = id;
    place.querySelector("b").textContent = author.name;
    place.querySelector(".excerpt").textContent = excerpt || (hasFiles ? this.words.file : this.words.gone);
  }

  #react(place, reactions, mayReact) {
    for (const kind of KINDS) {
      const button = place.querySelector(`[value="${kind}"]`);
      const members = reactions[kind] ?? [];
      const isMine = members.some((id) => String(id) === me);
      if (!members.length) button.remove();
      else {
        button.querySelector(".number").textContent = members.length;
        button.setAttribute("aria-pressed", isMine);
        if (isMine) button.setAttribute("formaction", `${button.getAttribute("formaction")}/delete`);
        button.disabled = !mayReact;
      }
    }
    if (!place.childElementCount) place.remove();
  }

  // Words that were taken back or changed are so in quotations, too.
  #requote(data) {
    const quotes = this.list.querySelectorAll(`.quoted[data-quoted="${data.id}"] .excerpt`);
    if (!quotes.length) return;
    const excerpt = excerptOf(data.html) || (data.files?.length ? this.words.file : this.words.gone);
    for (const quote of quotes) quote.textContent = excerpt;
  }

  // ---------- Placing ----------

  #place(element, next) {
    next.before(element);
    this.#arrange(element);
    const after = this.#after(element);
    if (after) this.#arrange(after);
  }

  #remove(message) {
    if (this.#current === message) this.#makeCurrent(null);
    const next = this.#after(message);
    this.#dayLine(message)?.remove();
    message.remove();
    if (next) this.#arrange(next);
    this.#makeCurrent(this.#current ?? this.last);
  }

  #replace(old, data) {
    const element = this.make(data);
    const focused = old.contains(document.activeElement) ? wayTo(document.activeElement) : null;
    const isCurrent = this.#current === old;
    this.hold(() => {
      // A menu that somebody is at stays as it is.
      if (old.querySelector(".tools [open]")) element.querySelector(".tools")?.replaceWith(old.querySelector(".tools"));
      if (old.querySelector(".face.is-here")) element.querySelector(".face")?.classList.add("is-here");
      old.replaceWith(element);
      this.#arrange(element);
      const next = this.#after(element);
      if (next) this.#arrange(next);
    });
    if (isCurrent) {
      this.#current = null;
      this.#makeCurrent(element);
    }
    if (focused !== null) ((focused && element.querySelector(focused)) || element).focus({ preventScroll: true });
  }

  // The line of the day above a message, and whether it stands under the name of the one before.
  #arrange(message) {
    const before = this.#before(message);
    const [at, day] = [new Date(message.dataset.at), date(new Date(message.dataset.at))];
    const isNewDay = !before || date(new Date(before.dataset.at)) !== day;
    const line = this.#dayLine(message);
    if (!isNewDay) line?.remove();
    else if (!line) {
      const made = this.mould("day");
      made.dataset.date = day;
      made.firstElementChild.textContent = dayName(at, this.now, this.words);
      const above = message.previousElementSibling;
      (above?.matches(".since") ? above : message).before(made);
    }
    if (message.matches(".trace")) return;
    const follows =
      !isNewDay &&
      !message.previousElementSibling.matches(".since, .trace") &&
      before.dataset.author === message.dataset.author &&
      at - new Date(before.dataset.at) < TOGETHER;
    message.className = ["message", follows && "follows", ...["own", "named", "found"].filter((name) => message.matches(`.${name}`))]
      .filter(Boolean)
      .join(" ");
  }

  #dayLine(message) {
    let above = message.previousElementSibling;
    if (above?.matches(".since")) above = above.previousElementSibling;
    return above?.matches(".day") ? above : null;
  }

  #before(element) {
    let above = element.previousElementSibling;
    while (above && !above.matches(".message")) above = above.previousElementSibling;
    return above;
  }

  #after(element) {
    let below = element.nextElementSibling;
    while (below && !below.matches(".message")) below = below.nextElementSibling;
    return below;
  }

  /** Do what changes the list, and keep the reader's line in its place. Anchored at its end, the list holds still by itself
   *  when something is added above; what is added below would push that line up. */
  hold(act, isAbove = false) {
    const { log } = this;
    const staysAtFoot = this.belowSight < 4 && !this.hasLater;
    const held = isAbove || staysAtFoot ? null : this.#inSight();
    const before = held?.getBoundingClientRect().top;
    act();
    if (!held) return;
    const stays = held.isConnected ? held : this.find(held.dataset.id);
    if (stays) log.scrollTop += stays.getBoundingClientRect().top - before;
  }

  #inSight() {
    const { top } = this.log.getBoundingClientRect();
    return this.all.find((message) => message.getBoundingClientRect().bottom > top);
  }
}

const idOf = (message) => Number(message?.dataset.id ?? 0);

/** Let every way out of a mould lead to the message. */
export function address(element, id) {
  for (const found of element.querySelectorAll("[href], [formaction], [data-copy]"))
    for (const name of ["href", "formaction", "data-copy"]) {
      const way = found.getAttribute(name);
      if (way) found.setAttribute(name, way.replace(/\/messages\/0(?=\/|$)/, `/messages/${id}`).replace(/(reply|messages)=0\b/, `$1=${id}`));
    }
}

// From a part of a message to the same part of what takes its place.
function wayTo(element) {
  if (element.matches(".reaction")) return `.reaction[value="${element.value}"]`;
  if (element.closest(".menu")) return ".menu > summary";
  return "";
}

/** The beginning of a message as text, without what it quotes. */
export function excerptOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const all = page.body.textContent;
  for (const quote of page.querySelectorAll("blockquote")) quote.remove();
  const text = (page.body.textContent.trim() || all).replace(/\s+/g, " ").trim();
  if (text.length <= EXCERPT) return text;
  const head = text.slice(0, EXCERPT - 1);
  return `${(text[EXCERPT - 1] === " " ? head : head.slice(0, head.lastIndexOf(" ")) || head).trimEnd()}…`;
}
