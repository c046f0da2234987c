// The field to write in: sends, answers, edits, keeps the draft. Emoji and names come from files of their own when needed.

import { live } from "../realtime/live.js";
import "../web/composer.js";
import { insert } from "../web/insertion.js";
import { excerptOf } from "./messages.js";

const PAUSE = 1_200; // ms of quiet after which the draft is saved
const TYPING_EVERY = 3_000;
const AFTER_TAP = 300; // ms
const COUNTED_FROM = 500; // characters left
const HEADERS = { "X-Requested-With": "fetch" };
const chat = live("/chat");
const isTouch = matchMedia("(hover: none) and (pointer: coarse)");

export class Say {
  #editing = null; // {id, version, hasFiles} of the message whose words are in the field; with files it needs none
  #stashed = ""; // what was in the field before
  #timer = 0;
  #saving = null;
  #saidAt = 0;
  #names = null;

  constructor(room, send) {
    this.room = room;
    this.send = send;
    this.form = room.root.querySelector(".say");
    if (!this.form) return;
    const { form } = this;
    this.text = form.elements.text;
    this.field = form.querySelector(".say-field");
    this.error = form.querySelector(".error");
    this.hint = form.querySelector(".hint");
    this.answering = form.querySelector(".answering");
    this.words = form.dataset;
    this.draftKey = `chat.draft.${document.documentElement.dataset.me}.${room.id}`;
    const on = (target, name, fn, options = {}) => target.addEventListener(name, fn, { signal: room.signal, ...options });
    on(form, "submit", (event) => this.#submit(event));
    on(form, "input", () => this.#typed());
    on(this.field, "keydown", (event) => this.#key(event), { capture: true });
    // What makes room for the field on a phone comes back a moment later: a tap beside the field meets what it was meant for.
    on(form, "focusin", () => room.root.classList.add("is-writing"));
    on(form, "focusout", () => setTimeout(() => form.matches(":focus-within") || room.root.classList.remove("is-writing"), AFTER_TAP));
    // The field keeps the focus, and a phone its keyboard.
    on(form, "pointerdown", (event) => event.target.closest(".send, .format, .files-pick, .cancel") && event.preventDefault());
    on(form, "mousedown", (event) => event.target.closest(".send, .format, .files-pick, .cancel") && event.preventDefault());
    on(this.answering.querySelector(".cancel"), "click", (event) => {
      event.preventDefault();
      this.cancel();
    });
    on(form.querySelector(".format"), "click", (event) => this.#format(event.currentTarget));
    on(form.querySelector(".emoji"), "click", (event) => this.#emoji(event.currentTarget));
    on(window, "pagehide", () => this.keep());
    if (form.querySelector(".upload")) this.#uploads();
    this.#restore();
    this.#showHint();
  }

  /** Whether Enter sends: as chosen, though not on a touch keyboard, which has no other way to break a line. */
  get sendsOnEnter() {
    return this.words.enterSends === "true" && !isTouch.matches;
  }

  get isEmpty() {
    return !this.text.value.trim();
  }

  focus() {
    this.text?.dispatchEvent(new CustomEvent("composer:focus", { bubbles: true }));
  }

  choose({ enter_sends: sends }) {
    if (!this.form) return;
    this.words.enterSends = String(sends);
    this.#showHint();
  }

  // ---------- Sending ----------

  #submit(event) {
    event.preventDefault();
    const text = this.text.value.trim();
    const excess = this.#excess();
    this.#say(excess > 0 ? this.words.excess.replace("%(num)s", excess) : "");
    const files = this.#editing ? [] : this.#files();
    if ((!text && !files.length && !this.#editing?.hasFiles) || excess > 0 || this.room.root.matches(".gone")) {
      this.focus();
      return;
    }
    if (this.#editing) {
      this.#change(text);
      return;
    }
    const replyTo = Number(this.form.elements.reply_to.value) || null;
    this.#set("");
    this.#answer(null);
    this.#used();
    if (files.length) this.#tellFiles("files:sent", files.map(({ id }) => id));
    this.send(text, replyTo, files);
  }

  // What has arrived of the files that were picked; a form with others does not come this far (files/uploads.js).
  #files() {
    return [...this.form.querySelectorAll('.upload [name="file_ids"]:enabled')].map((box) => {
      const { name, size } = box.closest(".upload").dataset;
      return { id: Number(box.value), name, size: Number(size) };
    });
  }

  #tellFiles(event, ids) {
    this.form.dispatchEvent(new CustomEvent(event, { detail: { ids } }));
  }

  async #uploads() {
    const { attach } = await import("../files/uploads.js");
    attach(this.form);
  }

  /** What waits to be sent, or the beginning of it, is no draft, though the server may still think so. */
  forget(entries) {
    if (!this.form) return;
    if (entries.some(({ text }) => text.startsWith(this.text.value.trim()))) this.#set("");
    this.forgetFiles(entries.flatMap(({ files = [] }) => files.map(({ id }) => id)));
  }

  /** These files belong to a message by now, perhaps one from another window. */
  async forgetFiles(ids) {
    if (!ids.length || !this.form?.querySelector(".upload")) return;
    await this.#uploads();
    this.#tellFiles("files:sent", ids);
  }

  /** What the server would not take comes back into the field, if nothing else was begun there. */
  takeBack(entry, message) {
    if (!this.form?.isConnected || !this.isEmpty || this.#editing) return false;
    this.#set(entry.text);
    if (entry.files?.length) this.#tellFiles("files:back", entry.files.map(({ id }) => id));
    if (entry.replyTo) this.answer(this.room.messages.find(entry.replyTo));
    this.#say(message);
    this.focus();
    return true;
  }

  /** Something else did not work; without words, for want of a connection. */
  complain(problem) {
    if (this.form) this.#say(problem ?? this.words.lost);
  }

  // ---------- Answering, editing ----------

  answer(message) {
    if (!message || !this.form) return;
    if (this.#editing) this.cancel();
    this.#answer({
      id: message.dataset.id,
      name: message.querySelector(".name").textContent,
      excerpt: excerptOf(message.querySelector(".text").innerHTML) || this.room.messages.words.file,
    });
    this.focus();
  }

  async edit(message) {
    if (!this.form) return;
    const { id } = message.dataset;
    let found;
    try {
      const answer = await fetch(`/chat/messages/${id}/edit`, { headers: HEADERS });
      found = await answer.json();
      if (!answer.ok) throw new Error(found.error);
    } catch (error) {
      this.#say(error.name === "Error" ? error.message : this.words.lost);
      return;
    }
    if (!this.#editing) this.#stashed = this.text.value;
    this.#editing = { id, version: found.version, hasFiles: Boolean(message.querySelector(".attached")) };
    this.#answer(null);
    this.#bar(this.words.editing, excerptOf(message.querySelector(".text").innerHTML));
    this.#set(found.text);
    this.focus();
  }

  cancel() {
    if (this.#editing) {
      this.#editing = null;
      this.#set(this.#stashed);
    }
    this.#answer(null);
    this.#say("");
    this.focus();
  }

  async #change(text) {
    const { id, version } = this.#editing;
    const body = new URLSearchParams({ csrf_token: this.room.root.dataset.token, text, version });
    this.form.classList.add("sending");
    try {
      const answer = await fetch(`/chat/messages/${id}/edit`, { method: "POST", body, headers: HEADERS });
      const found = await answer.json();
      if (!answer.ok) this.#say(found.error);
      else {
        this.room.change(found);
        this.cancel();
      }
    } catch {
      this.#say(this.words.lost);
    }
    this.form.classList.remove("sending");
  }

  #answer(quoted) {
    this.form.elements.reply_to.value = quoted?.id ?? "";
    if (quoted) this.#bar(quoted.name, quoted.excerpt);
    else this.answering.hidden = true;
  }

  #bar(title, excerpt) {
    this.answering.querySelector("b").textContent = title;
    this.answering.querySelector(".excerpt").textContent = excerpt;
    this.answering.hidden = false;
  }

  // ---------- Keys ----------

  #key(event) {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (this.#names?.key(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (!event.target.matches("textarea, .composer-text, .composer-text *")) return;
    const isPlain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (event.key === "Enter" && isPlain && this.sendsOnEnter && !inStructure(event.target)) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) this.form.requestSubmit();
    } else if (event.key === "ArrowUp" && isPlain && this.isEmpty && !this.#editing) {
      const own = this.room.messages.lastOwn;
      if (!own) return;
      event.preventDefault();
      event.stopPropagation();
      this.edit(own);
    } else if (event.key === "Escape" && !this.answering.hidden) {
      event.stopPropagation();
      this.cancel();
    }
  }

  // ---------- What is typed ----------

  #typed() {
    this.#say("");
    this.#count();
    this.#grow();
    if (this.#editing) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), PAUSE);
    if (this.isEmpty || !this.form.contains(document.activeElement)) return;
    this.#lookForName();
    if (chat.state !== "open" || Date.now() - this.#saidAt < TYPING_EVERY) return;
    this.#saidAt = Date.now();
    chat.ask("typing", { room: this.room.id }).catch(() => {}); // a hint, no more
  }

  // Where the field does not grow by itself.
  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }

  #excess() {
    return [...this.text.value.trim()].length - Number(this.words.limit);
  }

  #count() {
    const excess = this.text.value.length > this.words.limit - COUNTED_FROM ? this.#excess() : -Infinity;
    this.hint.classList.toggle("excess", excess > 0);
    if (excess > 0) this.hint.textContent = this.words.excess.replace("%(num)s", excess);
    else if (excess > -COUNTED_FROM) this.hint.textContent = this.words.left.replace("%(num)s", -excess);
    else this.#showHint();
  }

  #showHint() {
    const { send, break: breaks } = this.hint.dataset;
    const text = isTouch.matches ? "" : this.sendsOnEnter ? send : breaks;
    if (this.hint.textContent !== text) this.hint.textContent = text;
  }

  #set(text) {
    if (this.text.value === text) return;
    this.text.value = text;
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #say(problem) {
    this.error.lastElementChild.textContent = problem;
    this.error.hidden = !problem;
    if (problem) this.text.setAttribute("aria-invalid", "true");
    else this.text.removeAttribute("aria-invalid");
  }

  // ---------- Draft ----------

  /** Save what is not saved yet. */
  async keep() {
    if (this.#timer) await this.#save();
  }

  // What was sent is no draft any more, also if it is being saved as one at this moment.
  async #used() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    forget(this.draftKey);
    if (!this.#saving) return;
    await this.#saving;
    this.#save();
  }

  async #save() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const text = this.#editing ? this.#stashed : this.text.value;
    const body = new URLSearchParams({ csrf_token: this.room.root.dataset.token, text });
    const saving = fetch(this.words.draft, { method: "POST", body, headers: HEADERS, keepalive: text.length < 15_000 });
    this.#saving = saving;
    try {
      const answer = await saving;
      if (!answer.ok) throw new Error(String(answer.status));
      forget(this.draftKey);
    } catch {
      remember(this.draftKey, text);
    }
    if (this.#saving === saving) this.#saving = null;
  }

  // Only what could not be saved lies in this window.
  #restore() {
    const left = recall(this.draftKey);
    if (left !== null) this.#set(left);
  }

  // ---------- Tools ----------

  #format(button) {
    const isOn = this.form.classList.toggle("formatting");
    button.setAttribute("aria-pressed", isOn);
    this.focus();
  }

  async #emoji(button) {
    const { toggleEmoji } = await import("./emoji.js");
    toggleEmoji(this, button);
  }

  async #lookForName() {
    if (!this.#names && !this.text.value.includes("@")) return;
    const { Names } = await import("../web/names.js");
    this.#names ??= new Names({
      form: this.form,
      field: this.field,
      text: this.text,
      signal: this.room.signal,
      ask: async (part) => (await chat.ask("names", { room: this.room.id, part }).catch(() => null))?.people,
    });
    this.#names.look();
  }

  /** Put text in at the cursor. */
  insert(text) {
    insert(this.field, this.text, text);
  }
}

// In a list, table or code, Enter goes on there; an empty line leads out of it.
function inStructure(target) {
  if (!target.closest(".composer-text")) return false;
  const node = getSelection().anchorNode;
  return Boolean((node?.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.(".composer-text :is(li, pre, td, th)"));
}

function recall(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key, text) {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // then it lives in the field only
  }
}

function forget(key) {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // nothing was kept
  }
}
