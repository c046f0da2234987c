// What was written and is not on the server yet: kept in this browser through reload and loss of line, sent again with the
// same key until the server has said that it is stored. Each message is an item of its own, so that several windows can add
// and take away at once; two of them sending the same one is no harm, as the key makes it one message.

import { live } from "../realtime/live.js";

const PREFIX = "chat.unsent";
const CLAIMED_FOR = 12_000; // longer than an answer can take
const PATIENCE = 5_000; // without connection for so long, the ordinary way is tried
const AGAIN_AFTER = 4_000;
const OLD = 24 * 3_600_000; // what lay here so long is not sent without asking
const TRIES = 5;
const PASSING = new Set(["too_fast", "broken", "conflict"]); // worth another try; the second "conflict" is meant
const chat = live("/chat");
const me = document.documentElement.dataset.me;
const memory = new Map(); // where storage is forbidden or full
const tab = ownName();

forgetOthers();

/** A key that nobody else makes; the browser's own way is missing where the page came without encryption. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// The same after a reload, so that nobody waits for a window that is gone.
function ownName() {
  try {
    return (sessionStorage["chat.tab"] ??= newKey());
  } catch {
    return newKey();
  }
}

// Whoever sat here before and was signed out by the clock: those words are not for the next one.
function forgetOthers() {
  for (const name of names()) if (name.startsWith(PREFIX) && !name.startsWith(`${PREFIX}.${me}.`)) localStorage.removeItem(name);
}

/** Forget everything: somebody else may sit here next. */
export function wipe() {
  memory.clear();
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
  } catch {
    // nothing can have been kept
  }
}

const nameOf = ({ room, key }) => `${PREFIX}.${me}.${room}.${key}`;

function read(name) {
  if (memory.has(name)) return memory.get(name);
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function write(entry) {
  const name = nameOf(entry);
  try {
    localStorage.setItem(name, JSON.stringify(entry));
  } catch {
    memory.set(name, entry);
  }
}

function erase(entry) {
  memory.delete(nameOf(entry));
  try {
    localStorage.removeItem(nameOf(entry));
  } catch {
    // it was in memory
  }
}

function names() {
  try {
    return [...new Set([...memory.keys(), ...Object.keys(localStorage)])];
  } catch {
    return [...memory.keys()];
  }
}

/** What waits in a room, in the order in which it was written; without a room, everywhere. */
export function waiting(room = "") {
  const start = `${PREFIX}.${me}.${room ? `${room}.` : ""}`;
  return names()
    .filter((name) => name.startsWith(start))
    .map(read)
    .filter(Boolean)
    .sort((one, other) => one.at - other.at);
}

/** Send what waits, from a page that shows none of the rooms. */
export function sendAll(token) {
  for (const room of new Set(waiting().map((entry) => entry.room)))
    new Outbox({ room, action: `/chat/rooms/${room}/messages`, token, changed() {}, stored() {}, refused: () => false }).send();
}

export class Outbox {
  #isSending = false;
  #isAsked = false;
  #timer = 0;
  #since = Date.now(); // without connection

  /**
   * `room` and how to send without a live connection: `action`, `token`. Told of everything: `changed()`;
   * `stored(entry, answer)` when the server has it; `refused(entry, message)` may take it back and then answers true.
   */
  constructor({ room, action, token, changed, stored, refused }) {
    Object.assign(this, { room, action, token, changed, stored, refused });
    for (const entry of waiting(room))
      if (!entry.problem && Date.now() - entry.at > OLD) write({ ...entry, problem: "old" });
    this.offs = [
      chat.ready(() => this.send()),
      chat.lost(() => {
        this.#since = Date.now();
        this.#later(PATIENCE);
      }),
    ];
    this.heard = ({ key }) => key?.startsWith(`${PREFIX}.${me}.${room}.`) && this.changed();
    window.addEventListener("storage", this.heard);
    window.addEventListener("online", this.online = () => this.#later(500));
    if (this.entries.some(({ problem }) => !problem)) this.#later(PATIENCE);
  }

  get entries() {
    return waiting(this.room);
  }

  /** `files` are on the server already: {id, name, size} of each. */
  add(text, replyTo, files = []) {
    const entry = { room: this.room, key: newKey(), text, replyTo, files, at: Date.now(), tries: 0 };
    const last = this.entries.at(-1)?.at ?? 0;
    if (entry.at <= last) entry.at = last + 1; // two within a millisecond keep their order
    write(entry);
    this.changed();
    this.send();
    return entry;
  }

  /** The message with this key is on the server. */
  done(key) {
    const entry = this.#get(key);
    if (!entry) return;
    erase(entry);
    this.changed();
  }

  again(key) {
    const entry = this.#get(key);
    if (!entry) return;
    write({ ...entry, problem: "", tries: 0, at: entry.problem === "old" ? Date.now() : entry.at });
    this.changed();
    this.send();
  }

  drop(key) {
    this.done(key);
  }

  close() {
    for (const off of this.offs) off();
    window.removeEventListener("storage", this.heard);
    window.removeEventListener("online", this.online);
    clearTimeout(this.#timer);
  }

  /** One after the other, so that they arrive in their order. */
  async send() {
    if (this.#isSending) {
      this.#isAsked = true;
      return;
    }
    this.#isSending = true;
    try {
      do {
        this.#isAsked = false;
        for (const { key } of this.entries) if (!(await this.#sendOne(key))) break;
      } while (this.#isAsked);
    } finally {
      this.#isSending = false;
    }
    if (this.entries.some(({ problem }) => !problem)) this.#later(AGAIN_AFTER);
  }

  #get(key) {
    return read(nameOf({ room: this.room, key }));
  }

  #later(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), pause * (1 + Math.random() / 2));
  }

  // Whether the next one may be sent.
  async #sendOne(key) {
    const entry = this.#get(key);
    if (!entry || entry.problem) return true;
    if (entry.claim && entry.claim.tab !== tab && entry.claim.until > Date.now()) return false;
    write({ ...entry, claim: { tab, until: Date.now() + CLAIMED_FOR } });
    const answer = await this.#deliver(entry);
    const now = this.#get(key);
    if (!now) return true; // it was seen among the messages meanwhile
    if (answer?.ok) {
      erase(now);
      this.stored(now, answer);
      this.changed();
      return true;
    }
    const released = { ...now, claim: null };
    if (!answer || answer.error === "signed_out") {
      write(released);
      return false;
    }
    const tries = now.tries + 1;
    if (PASSING.has(answer.error) && tries < (answer.error === "conflict" ? 2 : TRIES)) {
      write({ ...released, tries });
      return false;
    }
    if (this.refused(now, answer.message)) erase(now);
    else write({ ...released, tries, problem: answer.message });
    this.changed();
    return true;
  }

  // The server's answer; null if there is none, and nobody knows whether it was stored.
  async #deliver({ text, key, replyTo, files = [] }) {
    const ids = files.map(({ id }) => id);
    const message = { room: this.room, text, key, ...(replyTo ? { reply_to: replyTo } : {}), ...(ids.length ? { files: ids } : {}) };
    if (chat.state === "open") {
      this.#since = Infinity;
      return chat.ask("send", message).catch(() => null);
    }
    if (this.#since === Infinity) this.#since = Date.now();
    if (!navigator.onLine || (chat.state === "waiting" && Date.now() - this.#since < PATIENCE)) return null;
    return this.#post(text, key, replyTo, ids);
  }

  // Where no live connection can be had, pages may still go.
  async #post(text, key, replyTo, fileIds) {
    const body = new URLSearchParams({ csrf_token: this.token, client_key: key, text, reply_to: replyTo ?? "" });
    for (const id of fileIds) body.append("file_ids", id);
    try {
      const answer = await fetch(this.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) return { ok: true, ...(await answer.json()) };
      if (answer.status === 401 || answer.status >= 500) return null;
      const { error } = await answer.json();
      return { ok: false, error: answer.status === 429 ? "too_fast" : "refused", message: error };
    } catch {
      return null;
    }
  }
}
